// Any value as JSON text; it counts once it can be read.

import { h } from "../dom.js";

export function json(field, { value, onChange, readOnly }) {
  const control = h("textarea", { class: "input mono", rows: 6, spellcheck: "false", disabled: readOnly });
  const problem = h("p", { class: "error", hidden: true });
  let shown;
  const setValue = (next) => {
    if (shown !== undefined && JSON.stringify(next) === shown) return;
    shown = JSON.stringify(next);
    control.value = next === undefined ? "" : JSON.stringify(next, null, 2);
    problem.hidden = true;
  };
  setValue(value);
  control.addEventListener("input", () => {
    try {
      const next = control.value.trim() === "" ? null : JSON.parse(control.value);
      shown = JSON.stringify(next);
      problem.hidden = true;
      onChange(next);
    } catch (error) {
      problem.textContent = interpolate(gettext("This is not JSON: %(why)s"), { why: error.message }, true);
      problem.hidden = false;
    }
  });
  return { element: h("div", {}, control, problem), control, setValue };
}
