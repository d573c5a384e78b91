/** A period: `{"days": N}`. */

import { el } from "../dom.js";
import { editNumber } from "./number.js";

export function editDays({ value, onChange, label, readOnly }) {
  const days = typeof value === "object" && value !== null ? value.days : value;
  const input = editNumber({ value: days, label, readOnly, whole: true, min: 0, onChange: (next) => onChange({ days: next }) });
  return el("span", { class: "q-pair" }, input, el("span", { class: "q-word" }, gettext("days")));
}
