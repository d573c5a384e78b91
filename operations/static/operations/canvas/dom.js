// Building elements: text is always set as text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `attributes`: `class`, `on: {event: handler}`, properties that are booleans, else attributes;
 * null and undefined are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null|undefined)} children
 */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "value") {
      element.value = value;
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The address of an icon: that of the sprite which the page already shows. */
export function iconHref(name) {
  sprite ??= document.querySelector('use[href*="icons.svg#"]')?.getAttribute("href").split("#")[0];
  return `${sprite ?? "/static/campaign_site/icons.svg"}#${name}`;
}
let sprite;

export function icon(name) {
  return svg("svg", { class: "i", "aria-hidden": "true" }, svg("use", { href: iconHref(name) }));
}

/** A button with an icon and a word; `{icon, label, class, title, on…}`. Without a label, `title` names it. */
export function button({ icon: name, label, title, ...attributes }, onClick) {
  const named = label ? {} : { "aria-label": title };
  return h(
    "button",
    { type: "button", class: "button", title, ...named, ...attributes, on: { click: onClick } },
    name ? icon(name) : null,
    label ? h("span", {}, label) : null,
  );
}

export function badge({ tone, icon: name, label }) {
  return h("span", { class: `badge t-${tone ?? "mute"}` }, name ? icon(name) : null, label);
}

export function note(tone, title, text = "", ...actions) {
  return h(
    "div",
    { class: `note ${tone}`, role: tone === "bad" ? "alert" : "status" },
    icon(tone === "bad" ? "octagon-x" : tone === "warn" ? "triangle-alert" : "info"),
    h("div", { class: "grow" }, h("b", {}, title), text ? h("p", {}, text) : null),
    ...actions,
  );
}

const numbers = new Intl.NumberFormat(document.documentElement.lang || "en");
/** A count in the reader's language; "–" when it is not known. */
export function count(value) {
  return value === null || value === undefined ? "–" : numbers.format(value);
}

export function people(value) {
  return interpolate(ngettext("%(count)s person", "%(count)s people", value), { count: count(value) }, true);
}

let timeZone;
/** Instants are shown in the workflow's zone, as the server shows them. */
export function useZone(name) {
  timeZone = name;
}

/** An instant; without its day when that is today. `timeStyle` "medium" has the seconds. */
export function moment(iso, timeStyle = "short") {
  if (!iso) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone });
  const style = day.format(at) === day.format(new Date()) ? {} : { dateStyle: "medium" };
  return new Intl.DateTimeFormat(document.documentElement.lang || "en", { ...style, timeStyle, timeZone }).format(at);
}

export function debounce(milliseconds, action) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), milliseconds);
  };
}
