// Several of a list, in its order. The values of the list keep their type.

import { h } from "../dom.js";

export function choices(field, { value, onChange, readOnly }) {
  const boxes = field.choices.map(([each]) => [each, h("input", { type: "checkbox", disabled: readOnly })]);
  const read = () => onChange(boxes.filter(([, box]) => box.checked).map(([each]) => each));
  const setValue = (next) => {
    const chosen = new Set(Array.isArray(next) ? next.map(String) : []);
    for (const [each, box] of boxes) box.checked = chosen.has(String(each));
  };
  for (const [, box] of boxes) box.addEventListener("change", read);
  setValue(value);
  const lines = boxes.map(([, box], place) => h("label", { class: "choice-line" }, box, " ", field.choices[place][1]));
  return { element: h("div", { class: "field-row choices" }, ...lines), setValue };
}
