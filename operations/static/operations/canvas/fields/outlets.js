// The names of outlets, in order.

import { button, h } from "../dom.js";
import { text } from "./text.js";

export function outlets(field, { value, onChange, readOnly }) {
  const list = h("div", { class: "stack" });
  let names = [];
  let shown = [];
  const change = (next, isTyped = false) => {
    names = next;
    if (!isTyped) draw();
    onChange(next);
  };
  const draw = () => {
    shown = names.map((name, index) => line(name, index));
    list.replaceChildren(...shown.map(({ element }) => element));
  };
  const line = (name, index) => {
    const editor = text({}, { value: name, readOnly, onChange: (next) => change(names.with(index, next), true) });
    editor.control.setAttribute("aria-label", interpolate(gettext("Outlet %(number)s"), { number: index + 1 }, true));
    const away = button({ icon: "x", title: gettext("Remove this outlet"), class: "button small ghost" }, () =>
      change(names.toSpliced(index, 1)),
    );
    return { element: h("div", { class: "field-row" }, editor.element, readOnly ? null : away), editor };
  };
  const setValue = (next) => {
    const given = Array.isArray(next) ? next : [];
    const isSame = given.length === names.length;
    names = given;
    if (isSame) shown.forEach(({ editor }, index) => editor.setValue(names[index]));
    else draw();
  };
  const more = button({ icon: "plus", label: gettext("Add an outlet"), class: "button small" }, () =>
    change([...names, freshName(names)]),
  );
  setValue(value);
  return { element: h("div", { class: "stack" }, list, readOnly ? null : more), setValue };
}

function freshName(names) {
  let number = names.length + 1;
  while (names.includes(`outlet ${number}`)) number += 1;
  return `outlet ${number}`;
}
