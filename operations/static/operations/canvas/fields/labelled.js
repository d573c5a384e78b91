// A field with its label, its help and its errors, tied together for those who don't see the page.

import { h } from "../dom.js";

let number = 0;

/** @returns {{wrapper: HTMLElement, setErrors: (texts: string[]) => void}} */
export function labelled(field, editor) {
  number += 1;
  const id = `canvas-field-${number}`;
  const help = field.help ? h("p", { class: "help", id: `${id}-help` }, field.help) : null;
  const errors = h("div", { class: "errors", id: `${id}-errors`, "aria-live": "polite" });
  const name = [field.label, field.required ? h("span", { class: "needed", "aria-hidden": "true" }, " *") : null];
  const wrapper = h("div", { class: `field ${editor.isInline ? "inline" : ""}`, "data-field": field.name });
  if (editor.control) tie(editor.control, id, field);
  else editor.element.setAttribute("role", "group");
  const label = editor.control ? h("label", { for: id }, ...name) : h("span", { class: "label", id: `${id}-label` }, ...name);
  if (!editor.control) editor.element.setAttribute("aria-labelledby", `${id}-label`);
  wrapper.append(...(editor.isInline ? [editor.element, label] : [label, editor.element]), ...(help ? [help] : []), errors);
  return { wrapper, setErrors: (texts) => showErrors(texts, { editor, errors, wrapper }) };
}

function tie(control, id, field) {
  control.id = id;
  control.name ||= field.name;
  control.setAttribute("aria-describedby", `${field.help ? `${id}-help ` : ""}${id}-errors`);
  if (field.required) control.setAttribute("aria-required", "true");
}

function showErrors(texts, { editor, errors, wrapper }) {
  const left = editor.setErrors ? (editor.setErrors(texts) ?? []) : texts;
  wrapper.classList.toggle("invalid", texts.length > 0);
  editor.control?.setAttribute("aria-invalid", texts.length ? "true" : "false");
  errors.replaceChildren(...left.map((text) => h("p", { class: "error" }, text)));
}
