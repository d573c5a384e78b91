// At most so many people, or so many per cent; or no limit.

import { h } from "../dom.js";

export function limit(field, { value, onChange, readOnly }) {
  const amount = h("input", { type: "number", class: "input", min: 0, "aria-label": gettext("How many"), disabled: readOnly });
  const unit = h(
    "select",
    { class: "select", "aria-label": gettext("Limit"), disabled: readOnly },
    h("option", { value: "" }, gettext("no limit")),
    h("option", { value: "count" }, gettext("people")),
    h("option", { value: "percent" }, gettext("per cent")),
  );
  const setValue = (next) => {
    const [kind] = Object.keys(next ?? {});
    unit.value = kind ?? "";
    const shown = kind ? String(next[kind] ?? "") : "";
    if (amount.value !== shown) amount.value = shown;
    amount.hidden = !kind;
  };
  const read = () => {
    amount.hidden = unit.value === "";
    if (unit.value === "") onChange(null);
    else onChange({ [unit.value]: amount.value === "" ? null : Number(amount.value) });
  };
  for (const each of [amount, unit]) each.addEventListener("input", read);
  setValue(value);
  return { element: h("div", { class: "field-row" }, amount, unit), control: unit, setValue };
}
