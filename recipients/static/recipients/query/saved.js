/** A saved filter as a criterion, with values for its parameters; and saving the filter at hand under a name. */

import { post, Refusal } from "./api.js";
import { el, icon, select } from "./dom.js";
import { editReference } from "./value/reference.js";
import { editValue } from "./value/index.js";

export function drawSaved(row, context) {
  const { catalogue, urls, readOnly } = context;
  const entry = catalogue.saved.find((item) => item.id === row.doc.saved);
  const known = entry ? [] : [[String(row.doc.saved), interpolate(gettext("no. %(number)s (missing)"), { number: row.doc.saved }, true)]];
  const options = [...known, ...catalogue.saved.map((item) => [String(item.id), item.label])];
  const choose = (code) => {
    row.doc = { saved: Number(code) };
    context.redraw(row.id, "op");
  };
  const line = [
    el("span", { class: "f" }, gettext("Saved filter")),
    select(options, String(row.doc.saved), choose, { class: "o", "data-part": "op", "aria-label": gettext("Saved filter"), disabled: readOnly }),
  ];
  return { line, below: entry?.parameters.length ? [parameters(row, context, entry)] : [] };
}

function parameters(row, context, entry) {
  const { urls, readOnly } = context;
  const editors = entry.parameters.map((parameter) => {
    const label = parameter.label || parameter.name;
    const set = (value) => {
      row.doc = { ...row.doc, with: { ...row.doc.with, [parameter.name]: value } };
      context.changed();
    };
    const value = row.doc.with?.[parameter.name] ?? parameter.default;
    const source = { list: "in_list", service: "subscribed_to" }[parameter.kind];
    const editor = source ? editReference({ value, onChange: set, label, source, urls, readOnly }) : editValue(parameter.kind, "equals", { value, onChange: set, label, choices: [], source: "", urls, readOnly });
    return el("span", { class: "q-parameter" }, el("span", { class: "q-word" }, label), editor);
  });
  return el("div", { class: "q-with" }, ...editors);
}

/** The button that keeps the filter under a name, and its small form. */
export function saveControl(context, current) {
  const box = el("div", { class: "q-save" });
  const close = () => {
    box.replaceChildren(opener);
    opener.focus();
  };
  const opener = el("button", { type: "button", class: "q-addition", onclick: () => open() }, icon("bookmark-plus"), gettext("Save this filter…"));
  const open = () => {
    const name = el("input", { type: "text", class: "in", maxlength: 200, "aria-label": gettext("Name of the filter"), placeholder: gettext("Name of the filter") });
    const message = el("p", { class: "err", role: "alert", hidden: true });
    const save = async () => {
      try {
        const made = await post(context.urls.saved, { label: name.value, filter: current() });
        context.catalogue.saved.push(made);
        box.replaceChildren(opener, el("span", { class: "q-word", role: "status" }, interpolate(gettext("Saved as “%(label)s”"), { label: made.label }, true)));
      } catch (error) {
        message.hidden = false;
        message.textContent = error instanceof Refusal ? error.message : gettext("The server did not answer.");
      }
    };
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Enter") save();
      else close();
    });
    const buttons = [el("button", { type: "button", class: "button small", onclick: save }, gettext("Save")), el("button", { type: "button", class: "button small ghost", onclick: close }, gettext("Close"))];
    box.replaceChildren(el("div", { class: "q-save-form" }, name, ...buttons), message);
    name.focus();
  };
  box.append(opener);
  return box;
}
