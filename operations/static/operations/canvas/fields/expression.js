// The condition of a test: one line, and what it may speak of.

import { h } from "../dom.js";
import { text } from "./text.js";

const WORDS = ["count", "scheduled_for.month", "scheduled_for.day", "scheduled_for.weekday", "scheduled_for.hour", "vars."];

export function expression(field, options) {
  const editor = text(field, options);
  editor.control.classList.add("mono");
  editor.control.setAttribute("spellcheck", "false");
  editor.control.setAttribute("placeholder", "count > 0");
  const add = (word) => {
    const { control } = editor;
    control.setRangeText(word, control.selectionStart, control.selectionEnd, "end");
    control.dispatchEvent(new Event("input"));
    control.focus();
  };
  const words = WORDS.map((word) => h("button", { type: "button", class: "chip", on: { click: () => add(word) } }, word));
  const element = h("div", { class: "stack" }, editor.control, options.readOnly ? null : h("div", { class: "chips" }, ...words));
  return { ...editor, element };
}
