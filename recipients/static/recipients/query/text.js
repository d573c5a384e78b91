/** The filter as JSON text, with what is wrong in it and where. */

import { el } from "./dom.js";

export function makeText({ readOnly, onChange }) {
  const error = el("p", { class: "err q-error", role: "alert", hidden: true });
  const input = el("textarea", { class: "in q-json", rows: 14, spellcheck: "false", autocomplete: "off", "aria-label": gettext("Filter as text (JSON)"), disabled: readOnly });
  const say = (message) => {
    error.textContent = message;
    error.hidden = !message;
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  const readText = () => {
    if (!input.value.trim()) return null;
    try {
      return JSON.parse(input.value);
    } catch (problem) {
      const message = interpolate(gettext("This is not JSON: %(why)s"), { why: problem.message }, true);
      throw Object.assign(new Error(message), { place: placeOf(problem.message, input.value) });
    }
  };
  input.addEventListener("input", () => {
    try {
      const value = readText();
      say("");
      onChange(value);
    } catch (problem) {
      say(problem.place ? `${problem.message} – ${problem.place}` : problem.message);
    }
  });
  return {
    element: el("div", { class: "q-text-mode" }, input, error),
    show: (value) => {
      input.value = value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
      say("");
    },
    /** Throws unless it is JSON. */
    read: readText,
    say,
    focus: () => input.focus(),
  };
}

/** "line 3, column 5" of the position that the browser's message names. */
function placeOf(message, text) {
  const found = /position (\d+)/.exec(message);
  if (!found || /line \d+/.test(message)) return "";
  const before = text.slice(0, Number(found[1])).split("\n");
  return interpolate(gettext("line %(line)s, column %(column)s"), { line: before.length, column: before.at(-1).length + 1 }, true);
}
