/** Puts the query editor in place of the JSON text of a form's filter field; the text stays what is sent. */

import { mountQueryEditor } from "./editor.js";
import { el } from "./dom.js";

function read(text) {
  try {
    return text.trim() ? JSON.parse(text) : null;
  } catch {
    return undefined;
  }
}

function replace(box) {
  const area = box.querySelector("textarea");
  const { urls, parameters, lists } = JSON.parse(document.getElementById(box.dataset.queryWidget).textContent);
  const value = read(area.value);
  // What is no JSON stays in the text field, with the form's own error.
  if (value === undefined) return;
  const declared = parameters ? area.form?.elements[parameters] : null;
  const place = el("div", {});
  area.hidden = true;
  box.append(place);
  mountQueryEditor(place, {
    value,
    urls,
    lists,
    readOnly: area.disabled || area.readOnly,
    parameters: () => (declared ? read(declared.value) : null),
    onChange: (next) => {
      area.value = next === null ? "" : JSON.stringify(next);
      area.dispatchEvent(new Event("change", { bubbles: true }));
    },
  });
}

document.querySelectorAll("[data-query-widget]").forEach(replace);
