/**
 * Keeps regions `[data-live="address"]` fresh: asks the address for HTML and shows what it answers.
 *
 * The answer is the content of the region, or a page (or fragment) that has the region itself: the element with the
 * same id, else with the same `data-live`. Regions of one address share one request. Every 3 s while a region has
 * `[data-moving]` (itself or inside), else every 15 s; never while the tab is hidden. `[data-updated]` says how old
 * the figures are; after two failures they are greyed (`.stale`) and it says since when.
 */

const MOVING = 3000;
const RESTING = 15000;
const FAILURES_SHOWN = 2;
const WRITING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select";

/** @type {Map<string, {at: Date, failures: number, timer: number, shown: Map<Element, string>}>} */
const sources = new Map();

export function start() {
  watch();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const address of sources.keys()) refresh(address);
  });
  if (sources.size) window.setInterval(tellAges, 1000);
}

/** Ask at once for every region below `root`, for example after something was done there. */
export function refreshNow(root = document) {
  const found = [...root.querySelectorAll("[data-live]")];
  for (const address of new Set(found.map((region) => region.dataset.live))) refresh(address);
}

function watch() {
  for (const region of document.querySelectorAll("[data-live]")) {
    const address = region.dataset.live;
    if (sources.has(address)) continue;
    sources.set(address, { at: new Date(), failures: 0, timer: 0, shown: new Map() });
    plan(address);
  }
}

function regionsOf(address) {
  return [...document.querySelectorAll("[data-live]")].filter((region) => region.dataset.live === address);
}

function plan(address) {
  const source = sources.get(address);
  const moves = regionsOf(address).some(
    (region) => region.matches("[data-moving]") || region.querySelector("[data-moving]"),
  );
  window.clearTimeout(source.timer);
  source.timer = window.setTimeout(() => refresh(address), moves ? MOVING : RESTING);
}

async function refresh(address) {
  if (document.hidden) return;
  const source = sources.get(address);
  window.clearTimeout(source.timer);
  try {
    const response = await fetch(address, { headers: { Accept: "text/html", "X-Requested-With": "live" } });
    // A redirect leads to the login page: the session has ended.
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    show(address, await response.text());
    source.at = new Date();
    source.failures = 0;
  } catch {
    source.failures += 1;
  }
  tellAges();
  plan(address);
}

function show(address, html) {
  const source = sources.get(address);
  for (const region of regionsOf(address)) {
    const answer = document.createElement("template");
    answer.innerHTML = html;
    const fresh = counterpart(answer.content, region);
    if (!fresh && /<html/i.test(html)) throw new Error("the page has no such region");
    region.toggleAttribute("data-moving", fresh ? fresh.hasAttribute("data-moving") : false);
    const content = fresh ? fresh.innerHTML : html;
    if (source.shown.get(region) === content || isInUse(region)) continue;
    source.shown.set(region, content);
    swap(region, fresh ?? answer.content);
  }
}

function counterpart(answer, region) {
  if (region.id) {
    const same = answer.getElementById(region.id);
    if (same) return same;
  }
  return [...answer.querySelectorAll("[data-live]")].find((other) => other.dataset.live === region.dataset.live);
}

/** Whoever writes, chooses or reads something out in the region isn't interrupted; the next answer will do. */
function isInUse(region) {
  const focused = document.activeElement;
  if (region.contains(focused) && focused.matches(WRITING)) return true;
  if (region.querySelector("details.menu[open]")) return true;
  const selection = window.getSelection();
  return !selection.isCollapsed && region.contains(selection.anchorNode);
}

function swap(region, fresh) {
  const focused = region.contains(document.activeElement) ? whereabouts(region, document.activeElement) : null;
  const opened = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
  region.replaceChildren(...fresh.childNodes);
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  if (focused) find(region, focused)?.focus({ preventScroll: true });
  region.dispatchEvent(new CustomEvent("live:swapped", { bubbles: true }));
}

function whereabouts(region, element) {
  const alike = [...region.querySelectorAll(element.localName)];
  return {
    id: element.id,
    href: element.getAttribute("href"),
    name: element.localName,
    place: alike.indexOf(element),
  };
}

function find(region, { id, href, name, place }) {
  if (id) return document.getElementById(id);
  const alike = [...region.querySelectorAll(name)];
  return (href && alike.find((element) => element.getAttribute("href") === href)) || alike[place];
}

function tellAges() {
  for (const place of document.querySelectorAll("[data-updated]")) {
    const region = place.closest("[data-live]") ?? document.querySelector("[data-live]");
    const source = region && sources.get(region.dataset.live);
    if (source && place.textContent !== age(source)) place.textContent = age(source);
  }
  for (const [address, source] of sources) {
    const isLost = source.failures >= FAILURES_SHOWN;
    for (const region of regionsOf(address)) region.classList.toggle("stale", isLost);
  }
}

function age({ at, failures }) {
  if (failures >= FAILURES_SHOWN) {
    const time = at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    return interpolate(gettext("connection lost since %(time)s"), { time }, true);
  }
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
  if (seconds < 60) return interpolate(gettext("updated %(seconds)s s ago"), { seconds }, true);
  return interpolate(gettext("updated %(minutes)s min ago"), { minutes: Math.floor(seconds / 60) }, true);
}
