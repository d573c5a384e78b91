/** Which editor shows a value of a comparison. Each is `edit({value, onChange, label, …}) → HTMLElement`. */

import { editBoolean, editChoices } from "./choice.js";
import { editDate } from "./date.js";
import { editDays } from "./days.js";
import { editNumber } from "./number.js";
import { editParameter, isParameter } from "./parameter.js";
import { editText, editTexts } from "./text.js";
import { el } from "../dom.js";

/**
 * @param {string} kind text, number, integer, boolean, date, datetime or days
 * @param {string} op the operator
 * @param {{value: *, onChange: function(*): void, label: string, choices: Array, source: string, urls: Object,
 *   readOnly: boolean}} options
 */
export function editValue(kind, op, options) {
  if (isParameter(options.value) || isParameter(options.value?.days)) return editParameter(options);
  if (kind === "days") return editDays(options);
  if (op === "between") return editPair(kind, options);
  if (["in", "not_in"].includes(op)) return editList(kind, options);
  return editOne(kind, op, options);
}

function editOne(kind, op, options) {
  if (kind === "boolean") return editBoolean(options);
  if (kind === "date" || kind === "datetime") return editDate(options);
  if (kind === "number" || kind === "integer") return editNumber({ ...options, whole: kind === "integer" });
  if (options.choices?.length && ["equals", "not_equals"].includes(op)) return editChoices({ ...options, single: true });
  return editText({ ...options, source: ["equals", "not_equals"].includes(op) ? options.source : "" });
}

function editList(kind, options) {
  if (options.choices?.length) return editChoices(options);
  if (["text", "number", "integer"].includes(kind)) return editTexts({ ...options, kind });
  return editSeveral(kind, options);
}

function editPair(kind, { value, onChange, label, ...rest }) {
  const pair = Array.isArray(value) && value.length === 2 ? [...value] : ["", ""];
  const side = (at, name) =>
    editOne(kind, "gte", {
      ...rest,
      label: `${label}, ${name}`,
      value: pair[at],
      onChange: (next) => {
        pair[at] = next;
        onChange([...pair]);
      },
    });
  return el("span", { class: "q-pair" }, side(0, gettext("from")), el("span", { class: "q-word" }, gettext("and")), side(1, gettext("to")));
}

/** Several dates or booleans: one editor each. */
function editSeveral(kind, { value, onChange, label, readOnly, ...rest }) {
  const items = Array.isArray(value) ? [...value] : [];
  const box = el("span", { class: "q-several" });
  const draw = () => {
    const editors = items.map((item, at) =>
      editOne(kind, "equals", {
        ...rest,
        readOnly,
        label,
        value: item,
        onChange: (next) => {
          items[at] = next;
          onChange([...items]);
        },
      }),
    );
    const change = (act) => () => {
      act();
      draw();
      onChange([...items]);
    };
    const first = kind === "boolean" ? true : { today: 0 };
    box.replaceChildren(...editors);
    if (readOnly) return;
    box.append(el("button", { type: "button", class: "q-link", onclick: change(() => items.push(first)) }, gettext("+ value")));
    if (items.length > 1) box.append(el("button", { type: "button", class: "q-link", onclick: change(() => items.pop()) }, gettext("− value")));
  };
  draw();
  return box;
}
