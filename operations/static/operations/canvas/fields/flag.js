// Yes or no.

import { h } from "../dom.js";

export function flag(field, { value, onChange, readOnly }) {
  const control = h("input", { type: "checkbox", disabled: readOnly });
  control.checked = value === true;
  control.addEventListener("change", () => onChange(control.checked));
  return { element: control, control, isInline: true, setValue: (next) => (control.checked = next === true) };
}
