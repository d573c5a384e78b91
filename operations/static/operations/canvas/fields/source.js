// One of the activities with a transition into this one.

import { byName, sourcesOf } from "../document.js";
import { choice } from "./choice.js";

export function source(field, options) {
  const { document, name } = options.context;
  const sources = sourcesOf(document, name).map((each) => [each, byName(document, each)?.label || each]);
  return choice(field, { ...options, choices: sources });
}
