// Which editor shows a field. Each editor is a function (field, {value, onChange, readOnly, context}) that answers
// {element, setValue(value), setErrors?(texts): texts it did not place, control?, destroy?}.

import { choice } from "./choice.js";
import { choices } from "./choices.js";
import { columnChoice, columnChoices } from "./columns.js";
import { date, datetime } from "./date.js";
import { duration } from "./duration.js";
import { expression } from "./expression.js";
import { filter } from "./filter.js";
import { flag } from "./flag.js";
import { json } from "./json.js";
import { limit } from "./limit.js";
import { number } from "./number.js";
import { outlets } from "./outlets.js";
import { rows } from "./rows.js";
import { schedule } from "./schedule.js";
import { source } from "./source.js";
import { text } from "./text.js";
import { textarea } from "./textarea.js";

export const EDITORS = {
  text,
  textarea,
  number,
  flag,
  choice,
  choices,
  date,
  datetime,
  duration,
  filter,
  schedule,
  expression,
  outlets,
  rows,
  field: columnChoice,
  fields: columnChoices,
  source,
  limit,
  json,
};

/** The editor of a field; one that is not known here is edited as JSON. */
export function editorOf(field, options) {
  return (EDITORS[field.editor] ?? json)(field, options);
}
