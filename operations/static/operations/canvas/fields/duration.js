// So many units of time, or none: {"duration": 2, "unit": "days"}.

import { h } from "../dom.js";

export function duration(field, { value, onChange, readOnly }) {
  const amount = h("input", { type: "number", class: "input", min: 1, disabled: readOnly });
  const units = field.units.map(([unit, label]) => h("option", { value: unit }, label));
  const unit = h("select", { class: "select", "aria-label": gettext("Unit"), disabled: readOnly }, ...units);
  const setValue = (next) => {
    const shown = next ? String(next.duration ?? "") : "";
    if (amount.value !== shown) amount.value = shown;
    unit.value = next?.unit ?? field.units[0][0];
  };
  const read = () => onChange(amount.value === "" ? null : { duration: Number(amount.value), unit: unit.value });
  for (const each of [amount, unit]) each.addEventListener("input", read);
  setValue(value);
  return { element: h("div", { class: "field-row" }, amount, unit), control: amount, setValue };
}
