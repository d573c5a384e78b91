// Who: the query editor, or JSON text where it can't be had.

import { h } from "../dom.js";
import { json } from "./json.js";

const EDITOR = "../../../recipients/query/editor.js";

export function filter(field, options) {
  const element = h("div", { class: "query-editor" });
  let editor;
  let value = options.value;
  let isGone = false;
  mount(element, field, options).then((made) => {
    editor = made;
    if (isGone) editor.destroy?.();
    else editor.setValue(value);
  });
  return {
    element,
    setValue: (next) => {
      value = next;
      editor?.setValue(next);
    },
    setErrors: (texts) => {
      editor?.setErrors?.(texts);
      return texts;
    },
    destroy: () => {
      isGone = true;
      editor?.destroy?.();
    },
  };
}

async function mount(element, field, { value, onChange, readOnly, context }) {
  try {
    const { mountQueryEditor } = await import(EDITOR);
    const urls = context.urls.filters;
    return await mountQueryEditor(element, { value, onChange, urls, compact: true, readOnly });
  } catch (error) {
    console.warn(error);
    const plain = json(field, { value, onChange, readOnly });
    element.replaceChildren(plain.element);
    return plain;
  }
}
