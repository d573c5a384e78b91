// One line of text.

import { h } from "../dom.js";

export function text(field, { value, onChange, readOnly, type = "text" }) {
  const control = h("input", { type, class: "input", value: value ?? "", disabled: readOnly });
  control.addEventListener("input", () => onChange(control.value));
  return { element: control, control, setValue: (next) => show(control, next) };
}

/** The value in the field, unless it is there already: the caret stays. */
export function show(control, value) {
  const next = value === null || value === undefined ? "" : String(value);
  if (control.value !== next) control.value = next;
}
