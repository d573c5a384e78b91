/** Choosing what a row asks about: a search over all that the catalogue offers. */

import { el, icon, uid } from "./dom.js";

const fold = (text) => String(text).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/**
 * Opens below `anchor`; Esc, a click elsewhere or a choice closes it and gives the focus back.
 * @param {HTMLElement} anchor
 * @param {Array<{label: string, group: string, code: *, type: string}>} entries
 * @param {function(Object): void} onPick
 */
export function openPicker(anchor, entries, onPick) {
  const listId = uid("q-list");
  const list = el("ul", { id: listId, role: "listbox", class: "q-options", "aria-label": gettext("Criteria") });
  const search = el("input", {
    type: "search", class: "in", placeholder: gettext("Find a criterion"), role: "combobox", autocomplete: "off",
    "aria-label": gettext("Find a criterion"), "aria-expanded": "true", "aria-controls": listId, "aria-autocomplete": "list",
  });
  const box = el("div", { class: "q-picker" }, search, list);
  let shown = [];
  let active = 0;

  const close = (refocus = true) => {
    box.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.setAttribute("aria-expanded", "false");
    if (refocus) anchor.focus();
  };
  const outside = (event) => {
    if (!box.contains(event.target)) close(false);
  };
  const pick = (entry) => {
    close();
    onPick(entry);
  };
  const mark = (at) => {
    active = Math.max(0, Math.min(at, shown.length - 1));
    const options = list.querySelectorAll("[role=option]");
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
    const current = options[active];
    if (current) {
      search.setAttribute("aria-activedescendant", current.id);
      current.scrollIntoView({ block: "nearest" });
    } else search.removeAttribute("aria-activedescendant");
  };
  const draw = () => {
    const needle = fold(search.value.trim());
    shown = needle ? ranked(entries, needle) : entries;
    list.replaceChildren(...grouped(shown, pick));
    mark(0);
  };

  search.addEventListener("input", draw);
  box.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) mark(active + steps[event.key]);
    else if (event.key === "Enter" && shown[active]) pick(shown[active]);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") return close(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  anchor.after(box);
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  draw();
  search.focus();
}

/** Those whose label begins with the text, then those that hold it, then those whose group or code does. */
function ranked(entries, needle) {
  const rank = (entry) => {
    const label = fold(entry.label);
    if (label.startsWith(needle)) return 0;
    if (label.includes(needle)) return 1;
    return fold(`${entry.group} ${entry.code}`).includes(needle) ? 2 : 3;
  };
  const found = entries.map((entry) => [rank(entry), entry]).filter(([place]) => place < 3);
  return found.sort((one, other) => one[0] - other[0]).map(([, entry]) => entry);
}

function grouped(entries, pick) {
  if (!entries.length) return [el("li", { class: "q-none", role: "presentation" }, gettext("Nothing has this name."))];
  const lines = [];
  let title = null;
  for (const entry of entries) {
    if (entry.group !== title) lines.push(el("li", { class: "q-title", role: "presentation" }, (title = entry.group)));
    lines.push(
      el("li", { role: "option", id: uid("q-option"), title: entry.help || null, onclick: () => pick(entry) }, icon(ICONS[entry.type] || "list-filter"), entry.label),
    );
  }
  return lines;
}

const ICONS = { field: "user", membership: "list-checks", list: "list-checks", behaviour: "mouse-pointer-click", related: "database", saved: "bookmark", everyone: "users" };
