// A day, or a day and an hour of the workflow's zone.

import { text } from "./text.js";

export const date = (field, options) => text(field, { ...options, type: "date" });

export function datetime(field, { value, onChange, ...options }) {
  const editor = text(field, { ...options, value: local(value), onChange, type: "datetime-local" });
  return { ...editor, setValue: (next) => editor.setValue(local(next)) };
}

/** The browser's field takes minutes and no zone. */
const local = (value) => (typeof value === "string" ? value.slice(0, 16) : "");
