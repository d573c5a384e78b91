/** Elements, built from data. */

const SPRITE = new URL("../../campaign_site/icons.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Object<string, *>} attributes `on…` are listeners; false, null and undefined leave the attribute out
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value ?? "";
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A decorative icon of the sprite. */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "i");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  drawing.append(use);
  return drawing;
}

/** A button of one icon: its label is read out and shown as a title. */
export function iconButton(name, label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "q-ib", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

/**
 * A select of `[value, label]` pairs.
 * @param {Array<[string, string]>} options
 */
export function select(options, value, onchange, attributes = {}) {
  const element = el("select", { class: "sel", ...attributes });
  for (const [code, label] of options) element.append(el("option", { value: code, selected: code === value }, label));
  element.value = value;
  element.addEventListener("change", () => onchange(element.value));
  return element;
}

/** `text` with a counter: "3,412". */
export function figure(number) {
  return new Intl.NumberFormat(document.documentElement.lang || "en").format(number);
}

let last = 0;
/** An id that no other element has. */
export function uid(prefix = "q") {
  last += 1;
  return `${prefix}-${last}`;
}

/** The sheet comes with the script: whoever mounts the editor needs to load nothing else. */
export function loadSheet() {
  const href = new URL("./query.css", import.meta.url).pathname;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(el("link", { rel: "stylesheet", href }));
}
