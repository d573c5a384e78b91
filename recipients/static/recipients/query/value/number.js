/** One number. */

import { el } from "../dom.js";

export function editNumber({ value, onChange, label, readOnly, whole = false, min = null }) {
  const input = el("input", { type: "number", class: "in q-number", "aria-label": label, step: whole ? "1" : "any", min, disabled: readOnly });
  input.value = typeof value === "number" ? value : "";
  input.addEventListener("input", () => onChange(input.value === "" ? null : Number(input.value)));
  return input;
}
