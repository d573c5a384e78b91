/** Yes or no, and one or several values of a closed list. */

import { el, select } from "../dom.js";

export function editBoolean({ value, onChange, label, readOnly }) {
  const options = [["true", gettext("yes")], ["false", gettext("no")]];
  return select(options, String(value === true), (next) => onChange(next === "true"), { "aria-label": label, disabled: readOnly });
}

/** `single`: a select; else one button per value, pressed when chosen. Values that the list lacks stay. */
export function editChoices({ value, onChange, label, readOnly, choices, single = false }) {
  if (single) {
    const known = choices.some((entry) => entry.value === value);
    const options = [...(known ? [] : [[String(value ?? ""), String(value || "–")]]), ...choices.map((entry) => [entry.value, entry.label])];
    return select(options, value ?? "", onChange, { "aria-label": label, disabled: readOnly });
  }
  const chosen = new Set(Array.isArray(value) ? value : []);
  const extra = [...chosen].filter((code) => !choices.some((entry) => entry.value === code));
  const all = [...choices, ...extra.map((code) => ({ value: code, label: String(code) }))];
  const box = el("span", { class: "q-choices", role: "group", "aria-label": label });
  for (const entry of all) {
    const button = el("button", { type: "button", class: "q-choice", "aria-pressed": String(chosen.has(entry.value)), disabled: readOnly }, entry.label);
    button.addEventListener("click", () => {
      if (chosen.has(entry.value)) chosen.delete(entry.value);
      else chosen.add(entry.value);
      button.setAttribute("aria-pressed", String(chosen.has(entry.value)));
      onChange(all.map((item) => item.value).filter((code) => chosen.has(code)));
    });
    box.append(button);
  }
  return box;
}
