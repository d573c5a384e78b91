// One of a list. The values of the list keep their type: numbers stay numbers.

import { h } from "../dom.js";

export function choice(field, { value, onChange, readOnly, choices = field.choices ?? [] }) {
  const control = h("select", { class: "select", disabled: readOnly });
  const setValue = (next) => {
    const at = choices.findIndex(([each]) => String(each) === String(next ?? ""));
    control.replaceChildren(...options(choices, at < 0 && !blank(next) ? next : null, field.required));
    control.value = at < 0 ? (blank(next) ? "" : "kept") : String(at);
  };
  setValue(value);
  control.addEventListener("change", () => {
    if (control.value !== "kept") onChange(control.value === "" ? null : choices[Number(control.value)][0]);
  });
  return { element: control, control, setValue };
}

const blank = (value) => value === null || value === undefined || value === "";

/** The choices, a line for none, and a line for a value that the list does not have. */
function options(choices, unknown, isRequired) {
  const hasBlank = choices.some(([each]) => blank(each));
  const none = hasBlank ? [] : [h("option", { value: "" }, isRequired ? gettext("Choose…") : "–")];
  const kept = unknown === null ? [] : [h("option", { value: "kept" }, String(unknown))];
  return [...none, ...kept, ...choices.map(([, label], index) => h("option", { value: String(index) }, label))];
}
