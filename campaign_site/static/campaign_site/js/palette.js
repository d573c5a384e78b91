/**
 * "Search or go to": Ctrl K, or a button `[data-palette="address"]` whose address answers the search.
 *
 * Offers the sections of the sidebar and, from two letters on, what the address finds. A combobox over a listbox:
 * arrows walk, Enter goes, Esc leaves.
 */

import { openContent } from "./dialog.js";
import { svgIcon } from "./icon.js";
import { labelOf } from "./label.js";

const PAUSE = 180;
const SHORTEST = 2;

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (!trigger()) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]")) return;
    event.preventDefault();
    open();
  });
}

export function open() {
  if (!trigger() || document.querySelector("dialog[open]")) return;
  const palette = build();
  const dialog = openContent(palette);
  dialog.classList.add("top");
  const field = palette.querySelector("input");
  let timer = 0;
  let asked = 0;
  const search = () => {
    const words = field.value.trim();
    const question = (asked += 1);
    show(palette, sections(words));
    window.clearTimeout(timer);
    if (words.length < SHORTEST) return;
    timer = window.setTimeout(async () => {
      const found = await find(words);
      if (question === asked) show(palette, [...sections(words), ...found]);
    }, PAUSE);
  };
  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => onKey(event, palette));
  search();
}

function trigger() {
  return document.querySelector("[data-palette]");
}

function build() {
  const palette = document.createElement("div");
  palette.className = "dlg palette";
  const field = document.createElement("input");
  Object.assign(field, { type: "text", autocomplete: "off", spellcheck: false, autofocus: true });
  const attributes = {
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    "aria-label": gettext("Search or go to"),
    placeholder: gettext("Search or go to…"),
  };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
  field.setAttribute("autofocus", "");
  const list = document.createElement("div");
  list.id = "palette-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", gettext("Results"));
  const none = document.createElement("p");
  none.className = "help";
  none.setAttribute("role", "status");
  palette.append(field, list, none);
  return palette;
}

/** @returns {Array<{label: string, kind: string, url: string, icon?: string, hint?: string}>} */
function sections(words) {
  const links = [...document.querySelectorAll(".side nav a, nav a[data-section]")];
  const known = new Map(links.map((link) => [link.href, { label: labelOf(link), kind: gettext("Go to"), url: link.href }]));
  return [...known.values()].filter(({ label }) => plain(label).includes(plain(words)));
}

function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

async function find(words) {
  try {
    const address = new URL(trigger().dataset.palette, window.location.href);
    address.searchParams.set("q", words);
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    return response.ok && !response.redirected ? (await response.json()).results : [];
  } catch {
    return [];
  }
}

function show(palette, entries) {
  const list = palette.querySelector("[role=listbox]");
  const kinds = [...new Set(entries.map((entry) => entry.kind))];
  list.replaceChildren(...kinds.map((kind, place) => group(kind, place, entries.filter((entry) => entry.kind === kind))));
  for (const [place, option] of options(palette).entries()) option.id = `palette-option-${place}`;
  palette.querySelector("p").textContent = entries.length ? "" : gettext("Nothing found.");
  choose(palette, 0);
}

function group(kind, place, entries) {
  const part = document.createElement("div");
  part.setAttribute("role", "group");
  part.setAttribute("aria-labelledby", `palette-kind-${place}`);
  const title = document.createElement("div");
  title.id = `palette-kind-${place}`;
  title.className = "caption";
  title.setAttribute("role", "presentation");
  title.textContent = kind;
  part.append(title, ...entries.map(option));
  return part;
}

function option({ label, url, icon, hint }) {
  const entry = document.createElement("a");
  entry.href = url;
  entry.tabIndex = -1;
  entry.className = "option";
  entry.setAttribute("role", "option");
  if (icon) entry.append(svgIcon(icon));
  const name = document.createElement("span");
  name.className = "sp";
  name.textContent = label;
  entry.append(name);
  if (hint) {
    const small = document.createElement("small");
    small.textContent = hint;
    entry.append(small);
  }
  return entry;
}

function options(palette) {
  return [...palette.querySelectorAll("[role=option]")];
}

function choose(palette, place) {
  const found = options(palette);
  const field = palette.querySelector("input");
  for (const [number, entry] of found.entries()) entry.setAttribute("aria-selected", String(number === place));
  if (!found.length) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  field.setAttribute("aria-activedescendant", found[place].id);
  found[place].scrollIntoView({ block: "nearest" });
}

function onKey(event, palette) {
  const found = options(palette);
  const here = found.findIndex((entry) => entry.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) {
    event.preventDefault();
    choose(palette, (here + step + found.length) % found.length);
  }
  if (event.key === "Enter" && found[here]) {
    event.preventDefault();
    found[here].click();
  }
}
