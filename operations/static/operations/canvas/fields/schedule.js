// When: the schedule editor with its preview, or JSON text where it can't be had.

import { h } from "../dom.js";
import { json } from "./json.js";

const EDITOR = "../../schedule/editor.js";
// What other fields of the activity say of its instants.
const BOUNDS = ["valid_from", "valid_until", "max_runs", "overlap", "missed", "grace_minutes"];

export function schedule(field, options) {
  const element = h("div", { class: "schedule-editor" });
  let editor;
  let value = options.value;
  let bounds = boundsIn(options.context.config);
  let isGone = false;
  mount(element, field, { ...options, bounds }).then((made) => {
    editor = made;
    if (isGone) return editor.destroy?.();
    editor.setContext?.(bounds);
    return editor.setValue(value);
  });
  return {
    element,
    setValue: (next) => {
      value = next;
      editor?.setValue(next);
    },
    /** The configuration that the schedule is part of has changed. */
    setContext: (config) => {
      const next = boundsIn(config);
      if (JSON.stringify(next) === JSON.stringify(bounds)) return;
      bounds = next;
      editor?.setContext?.(bounds);
    },
    destroy: () => {
      isGone = true;
      editor?.destroy?.();
    },
  };
}

const boundsIn = (config) => Object.fromEntries(BOUNDS.map((name) => [name, config?.[name]]));

async function mount(element, field, { value, onChange, readOnly, context, bounds }) {
  try {
    const { mountScheduleEditor } = await import(EDITOR);
    const { schedule_preview: previewUrl } = context.urls;
    return await mountScheduleEditor(element, { value, onChange, previewUrl, zone: context.zone, context: bounds, readOnly });
  } catch (error) {
    console.warn(error);
    const plain = json(field, { value, onChange, readOnly });
    element.replaceChildren(plain.element);
    return plain;
  }
}
