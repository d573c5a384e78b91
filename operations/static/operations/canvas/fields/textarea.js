// Several lines of text.

import { h } from "../dom.js";
import { show } from "./text.js";

export function textarea(field, { value, onChange, readOnly }) {
  const control = h("textarea", { class: "input", rows: 4, value: value ?? "", disabled: readOnly });
  control.addEventListener("input", () => onChange(control.value));
  return { element: control, control, setValue: (next) => show(control, next) };
}
