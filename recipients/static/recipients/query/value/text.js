/** One text, or several as tokens; with the values that people have, where the field offers them. */

import { el, uid } from "../dom.js";
import { get } from "../api.js";

/** Values to choose from appear under the field as one types. */
function suggest(input, { source, urls }) {
  if (!source) return null;
  const list = el("datalist", { id: uid("q-values") });
  input.setAttribute("list", list.id);
  let asked = null;
  let timer = null;
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await get(urls.values, { source, q: input.value }, asked.signal);
      list.replaceChildren(...answer.values.map((entry) => el("option", { value: entry.value }, entry.label === entry.value ? "" : entry.label)));
    } catch {
      // Without suggestions one types the whole value.
    }
  };
  input.addEventListener("focus", ask, { once: true });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 200);
  });
  return list;
}

export function editText({ value, onChange, label, readOnly, source, urls }) {
  const input = el("input", { type: "text", class: "in q-text", "aria-label": label, disabled: readOnly, value: value ?? "" });
  input.addEventListener("input", () => onChange(input.value));
  return el("span", { class: "q-pair" }, input, suggest(input, { source, urls }));
}

export function editTexts({ value, onChange, label, readOnly, source, urls, kind }) {
  const items = Array.isArray(value) ? [...value] : [];
  const box = el("span", { class: "q-tokens" });
  const input = el("input", { type: kind === "text" ? "text" : "number", step: "any", class: "in q-add", "aria-label": interpolate(gettext("%(field)s: add a value"), { field: label }, true), placeholder: gettext("Add a value") });
  const list = suggest(input, { source, urls });
  const change = () => {
    draw();
    onChange([...items]);
  };
  const add = () => {
    const typed = kind === "text" ? input.value.split(/[;\n]/).map((text) => text.trim()) : [input.value === "" ? "" : Number(input.value)];
    const fresh = typed.filter((text) => text !== "" && !items.includes(text));
    input.value = "";
    if (!fresh.length) return;
    items.push(...fresh);
    change();
    input.focus();
  };
  const draw = () => {
    const tokens = items.map((item, at) =>
      el("span", { class: "v" }, String(item), readOnly ? null : el("button", { type: "button", class: "q-drop", "aria-label": interpolate(gettext("Remove %(value)s"), { value: item }, true), onclick: () => (items.splice(at, 1), change()) }, "×")),
    );
    box.replaceChildren(...tokens, ...(readOnly ? [] : [input, list].filter(Boolean)));
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ";") {
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && input.value === "" && items.length) {
      items.pop();
      change();
      input.focus();
    }
  });
  input.addEventListener("change", add);
  draw();
  return box;
}
