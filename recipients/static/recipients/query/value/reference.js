/** A row chosen by its label: a list, a service, a delivery. The document keeps its number. */

import { el, uid } from "../dom.js";
import { get, labelOf } from "../api.js";

export function editReference({ value, onChange, label, readOnly, source, urls }) {
  const listId = uid("q-rows");
  const input = el("input", {
    type: "text", class: "in q-text", role: "combobox", autocomplete: "off", "aria-label": label, "aria-expanded": "false",
    "aria-controls": listId, "aria-autocomplete": "list", placeholder: gettext("Type a name"), disabled: readOnly,
  });
  const list = el("ul", { id: listId, role: "listbox", class: "q-options q-under", hidden: true, "aria-label": label });
  let chosen = value;
  let found = [];
  let active = 0;

  const name = async () => {
    input.value = typeof chosen === "number" ? await labelOf(urls, source, chosen).catch(() => String(chosen)) : "";
  };
  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const mark = (at) => {
    active = Math.max(0, Math.min(at, found.length - 1));
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
    if (list.children[active]?.id) input.setAttribute("aria-activedescendant", list.children[active].id);
  };
  const pick = (entry) => {
    chosen = entry.value;
    input.value = entry.label;
    hide();
    onChange(chosen);
  };
  const ask = async (text) => {
    found = (await get(urls.values, { source, q: text }).catch(() => ({ values: [] }))).values;
    const lines = found.map((entry) => el("li", { role: "option", id: uid("q-row"), onpointerdown: (event) => (event.preventDefault(), pick(entry)) }, entry.label));
    list.replaceChildren(...(lines.length ? lines : [el("li", { class: "q-none", role: "presentation" }, gettext("Nothing has this name."))]));
    list.hidden = document.activeElement !== input;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(0);
  };
  let timer = null;
  input.addEventListener("focus", () => {
    input.select();
    ask("");
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(input.value), 200);
  });
  input.addEventListener("blur", () => {
    hide();
    name();
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(active + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" && found[active]) pick(found[active]);
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  name();
  return el("span", { class: "q-combo" }, input, list);
}
