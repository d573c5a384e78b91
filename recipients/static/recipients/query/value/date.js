/** A day: of the calendar, or so many days before or after today. */

import { el, select } from "../dom.js";
import { editNumber } from "./number.js";

const modeOf = (value) => {
  if (typeof value === "object" && value !== null) {
    if (!value.today) return "today";
    return value.today < 0 ? "before" : "after";
  }
  return typeof value === "string" && value.length > 10 ? "time" : "day";
};

export function editDate({ value, onChange, label, readOnly }) {
  const box = el("span", { class: "q-pair" });
  const draw = (current) => {
    const mode = modeOf(current);
    const modes = [
      ["today", gettext("today")], ["before", gettext("days ago")], ["after", gettext("days from now")], ["day", gettext("on a date")],
      ...(mode === "time" ? [["time", gettext("at a time")]] : []),
    ];
    const change = (next) => {
      const starts = { today: { today: 0 }, before: { today: -1 }, after: { today: 1 }, day: today(), time: current };
      draw(starts[next]);
      onChange(starts[next]);
      box.querySelector("select").focus();
    };
    const chooser = select(modes, mode, change, { "aria-label": label, disabled: readOnly });
    box.replaceChildren(...[fieldOf(mode, current, { onChange, label, readOnly }), chooser].filter(Boolean));
  };
  draw(value);
  return box;
}

function fieldOf(mode, value, { onChange, label, readOnly }) {
  if (mode === "today") return null;
  if (mode === "before" || mode === "after") {
    const sign = mode === "before" ? -1 : 1;
    return editNumber({ value: Math.abs(value.today), label, readOnly, whole: true, min: 1, onChange: (days) => onChange({ today: days === null ? null : sign * days }) });
  }
  const input = el("input", { type: mode === "time" ? "text" : "date", class: "in q-date", "aria-label": label, disabled: readOnly });
  input.value = value || "";
  input.addEventListener("input", () => onChange(input.value));
  return input;
}

function today() {
  const now = new Date();
  return [now.getFullYear(), String(now.getMonth() + 1).padStart(2, "0"), String(now.getDate()).padStart(2, "0")].join("-");
}
