/** A value that a saved filter leaves open: `{"parameter": name}`. It stays as it is; the text mode changes it. */

import { el } from "../dom.js";

export const isParameter = (value) => typeof value === "object" && value !== null && "parameter" in value;

export function editParameter({ value }) {
  const name = isParameter(value) ? value.parameter : value.days.parameter;
  return el("span", { class: "v", title: gettext("A parameter of the saved filter") }, `{${name}}`);
}
