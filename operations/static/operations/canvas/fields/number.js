// A number; an empty field is no number.

import { h } from "../dom.js";
import { show } from "./text.js";

export function number(field, { value, onChange, readOnly }) {
  const control = h("input", {
    type: "number",
    class: "input",
    min: field.min ?? null,
    max: field.max ?? null,
    step: field.step ?? null,
    value: value ?? "",
    disabled: readOnly,
  });
  control.addEventListener("input", () => onChange(control.value === "" ? null : Number(control.value)));
  return { element: control, control, setValue: (next) => show(control, next) };
}
