// A column of recipients, or several in order; where a field says so, also what activities before this one add.

import { sourcesOf } from "../document.js";
import { button, h } from "../dom.js";
import { choice } from "./choice.js";

const choicesOf = (field, context) => [
  ...(field.extra ?? []),
  ...context.columns.map((column) => [column.name, column.label]),
  ...(field.added ? addedBefore(context).map((name) => [`target.${name}`, `target.${name}`]) : []),
];

/** The names that the activities on the way to this one add to people, each once. */
function addedBefore({ name, document, facts }) {
  const before = new Set();
  const pending = [...sourcesOf(document, name)];
  while (pending.length) {
    const source = pending.pop();
    if (before.has(source)) continue;
    before.add(source);
    pending.push(...sourcesOf(document, source));
  }
  return [...new Set([...before].flatMap((each) => facts?.of(each)?.added ?? []))].sort();
}

export function columnChoice(field, options) {
  return choice(field, { ...options, choices: choicesOf(field, options.context) });
}

export function columnChoices(field, { value, onChange, readOnly, context }) {
  const known = choicesOf(field, context);
  const labels = new Map(known);
  const list = h("ul", { class: "chips" });
  let names = [];
  const change = (next) => {
    setValue(next);
    onChange(next);
  };
  const picker = h("select", { class: "select", "aria-label": gettext("Add a column"), disabled: readOnly });
  picker.addEventListener("change", () => picker.value && change([...names, picker.value]));
  const setValue = (next) => {
    names = Array.isArray(next) ? next : [];
    list.replaceChildren(...names.map((name) => chip(name)));
    const free = known.filter(([name]) => !names.includes(name));
    const lines = free.map(([name, label]) => h("option", { value: name }, label));
    picker.replaceChildren(h("option", { value: "" }, gettext("Add a column")), ...lines);
  };
  const chip = (name) => {
    const label = labels.get(name) ?? name;
    const title = interpolate(gettext("Remove “%(label)s”"), { label }, true);
    const away = () => change(names.filter((each) => each !== name));
    return h("li", { class: "chip" }, label, readOnly ? null : button({ icon: "x", title, class: "chip-x" }, away));
  };
  setValue(value);
  return { element: h("div", { class: "stack" }, list, readOnly ? null : picker), control: picker, setValue };
}
