/** One row: what it asks about, how, against which value; its count, its errors, its menu. */

import { el, icon, iconButton, select } from "./dom.js";
import { entriesOf, fieldOf, firstValue, kindOf, kindOfValue, newRow, operatorsOf } from "./kinds.js";
import { openPicker } from "./picker.js";
import { drawRelated } from "./related.js";
import { drawSaved } from "./saved.js";
import { editNumber } from "./value/number.js";
import { editReference } from "./value/reference.js";
import { editValue } from "./value/index.js";
import { editParameter, isParameter } from "./value/parameter.js";
import { nodeMenu } from "./menu.js";

/**
 * @param {import("./tree.js").Row} row
 * @param {Object} context {root, catalogue, urls, readOnly, changed(), redraw(id, part), slots}
 */
export function drawRow(row, context) {
  const kind = kindOf(row.doc, context.catalogue);
  const parts = DRAWERS[kind](row, context);
  const count = el("span", { class: "cnt" });
  const error = el("p", { class: "err q-error", hidden: true });
  const head = el("div", { class: "qe" }, ...parts.line.filter(Boolean));
  const line = el("div", { class: `qr q-${kind}`, "data-node": row.id, role: "group", "aria-label": nameOf(row, context) }, head, count);
  if (!context.readOnly) line.append(nodeMenu(row, context));
  context.slots.set(row.id, { count, error, element: line });
  return el("div", { class: "q-item" }, line, ...(parts.below || []), error);
}

/** How a row is called in menus and read out. */
export function nameOf(row, { catalogue }) {
  const kind = kindOf(row.doc, catalogue);
  if (kind === "field") return fieldOf(row.doc.field, catalogue.fields).label;
  const entry = {
    membership: () => catalogue.memberships.find((item) => item.key in row.doc)?.label,
    behaviour: () => catalogue.behaviours.find((item) => item.code === row.doc.delivery)?.label,
    related: () => catalogue.related.find((item) => item.name === row.doc.related)?.label,
    saved: () => gettext("Saved filter"),
    list: () => gettext("List"),
    everyone: () => gettext("Everybody"),
  }[kind];
  return entry?.() ?? gettext("Criterion");
}

const DRAWERS = {
  field: drawField,
  membership: drawMembership,
  list: drawList,
  behaviour: drawBehaviour,
  related: (row, context) => drawRelated(row, context, subject),
  saved: drawSaved,
  everyone: (row, context) => ({ line: [subject(row, context)] }),
  unknown: drawUnknown,
};

function update(row, context, doc) {
  row.doc = doc;
  context.changed();
}

/** The first word of a row; a button that asks about something else. */
function subject(row, context) {
  const label = nameOf(row, context);
  if (context.readOnly) return el("span", { class: "f" }, label);
  const button = el("button", { type: "button", class: "f", "data-part": "subject", "aria-haspopup": "listbox", "aria-expanded": "false", title: gettext("Ask about something else") }, label);
  button.addEventListener("click", () =>
    openPicker(button, entriesOf(context.catalogue), (entry) => {
      row.doc = newRow(entry, context.catalogue);
      delete row.where;
      context.redraw(row.id, "op");
    }),
  );
  return button;
}

function operator(row, context, operators, labels, onchange) {
  const options = operators.map((code) => [code, labels[code] || code]);
  return select(options, row.doc.op, onchange, { class: "o", "data-part": "op", "aria-label": gettext("Operator"), disabled: context.readOnly });
}

function drawField(row, context) {
  const { catalogue, urls, readOnly } = context;
  const field = fieldOf(row.doc.field, catalogue.fields);
  const kind = kindOfValue(field, row.doc);
  const known = operatorsOf(field, catalogue);
  const operators = known.includes(row.doc.op) ? known : [...known, row.doc.op];
  const labels = { ...allLabels(catalogue), ...catalogue.operator_labels[field.kind] };
  const choose = (op) => {
    row.doc = { field: row.doc.field, op, ...valueFor(row.doc, field, op) };
    context.redraw(row.id, "op");
  };
  const value = ["is_null", "is_not_null"].includes(row.doc.op)
    ? null
    : editValue(kind, row.doc.op, {
        value: valueOf(row.doc),
        onChange: (next) => update(row, context, withValue(row.doc, next)),
        label: field.label, choices: field.choices, source: field.source, urls, readOnly,
      });
  const below = row.doc.op === "anniversary" ? [drawFeb29(row, context)] : [];
  return { line: [subject(row, context), operator(row, context, operators, labels, choose), value], below };
}

const allLabels = (catalogue) => Object.assign({}, ...Object.values(catalogue.operator_labels));

function valueOf(doc) {
  if (doc.op === "anniversary") return doc.value ?? { today: 0 };
  return "days" in doc && !("value" in doc) ? { days: doc.days } : doc.value;
}

function withValue(doc, value) {
  const { days, ...rest } = doc;
  return { ...rest, value };
}

const SHAPES = { in: "list", not_in: "list", between: "pair", is_null: "none", is_not_null: "none", within_last: "days", older_than: "days", anniversary: "day" };
const TEXTS = ["contains", "starts_with", "ends_with", "matches_domain"];

/** The value goes on when the new operator takes the same shape: one, several, two. */
function valueFor(doc, field, op) {
  const [before, after] = [SHAPES[doc.op] || "one", SHAPES[op] || "one"];
  const kind = kindOfValue(field, doc);
  if (after === "none") return {};
  if (op === "anniversary") return {};
  if (TEXTS.includes(op)) return { value: typeof doc.value === "string" ? doc.value : "" };
  if (before === after && doc.value !== undefined) return { value: doc.value };
  if (before === "one" && after === "list" && doc.value !== undefined && doc.value !== "") return { value: [doc.value] };
  if (before === "list" && after === "one" && doc.value?.length) return { value: doc.value[0] };
  return { value: firstValue(before === "days" || before === "day" || before === "none" ? field.kind : kind, op) };
}

/** What those born on 29 February are told in ordinary years. */
function drawFeb29(row, context) {
  const chosen = row.doc.feb_29 ?? context.catalogue.feb_29[0].code;
  const buttons = context.catalogue.feb_29.map(({ code, label }) =>
    el("button", {
      type: "button", class: "q-choice", "aria-pressed": String(code === chosen), disabled: context.readOnly, "data-part": `feb-${code}`,
      onclick: () => {
        row.doc = { ...row.doc, feb_29: code };
        context.redraw(row.id, `feb-${code}`);
      },
    }, label),
  );
  const label = gettext("Born on 29 February, in ordinary years");
  return el("div", { class: "q-feb", role: "group", "aria-label": label }, el("span", {}, label), el("span", { class: "q-choices" }, ...buttons));
}

function reference(row, context, key, source, label, path = [key]) {
  const holder = path.length > 1 ? row.doc[path[0]] : row.doc;
  const value = holder[path.at(-1)];
  const set = (next) => update(row, context, path.length > 1 ? { ...row.doc, [path[0]]: { [path[1]]: next } } : { ...row.doc, [key]: next });
  if (isParameter(value)) return editParameter({ value });
  return editReference({ value, onChange: set, label, source, urls: context.urls, readOnly: context.readOnly });
}

function drawMembership(row, context) {
  const entry = context.catalogue.memberships.find((item) => item.key in row.doc);
  return { line: [subject(row, context), el("span", { class: "o" }, entry.verb), reference(row, context, entry.key, entry.source, entry.label)] };
}

function drawList(row, context) {
  return { line: [el("span", { class: "f" }, gettext("List")), reference(row, context, "list", "in_list", gettext("List"))] };
}

function drawBehaviour(row, context) {
  const { catalogue, readOnly } = context;
  const scope = row.doc.of ? Object.keys(row.doc.of)[0] : "";
  const scopes = [["", gettext("any delivery")], ...catalogue.scopes.map((item) => [item.code, item.label])];
  const chooseScope = (code) => {
    const { of, ...rest } = row.doc;
    row.doc = code ? { ...rest, of: { [code]: null } } : rest;
    context.redraw(row.id, "scope");
  };
  const when = [["", gettext("at any time")], ["days", gettext("in the last")]];
  const chooseWhen = (mode) => {
    const { days, ...rest } = row.doc;
    row.doc = mode ? { ...rest, days: 30 } : rest;
    context.redraw(row.id, "when");
  };
  const hasDays = "days" in row.doc;
  const label = catalogue.scopes.find((item) => item.code === scope)?.label || scope;
  const days = () => isParameter(row.doc.days) ? editParameter({ value: row.doc.days }) : editNumber({ value: row.doc.days, label: gettext("days"), whole: true, min: 0, readOnly, onChange: (next) => update(row, context, { ...row.doc, days: next }) });
  return {
    line: [
      subject(row, context),
      select(scopes, scope, chooseScope, { class: "o", "data-part": "scope", "aria-label": gettext("Which deliveries"), disabled: readOnly }),
      scope && reference(row, context, scope, scope, label, ["of", scope]),
      select(when, hasDays ? "days" : "", chooseWhen, { class: "o", "data-part": "when", "aria-label": gettext("When"), disabled: readOnly }),
      hasDays && days(),
      hasDays && el("span", { class: "q-word" }, gettext("days")),
    ],
  };
}

/** What this editor can't show stays as text, whole. */
function drawUnknown(row, context) {
  const input = el("textarea", { class: "in q-json", rows: 2, spellcheck: "false", "aria-label": gettext("Criterion as text"), disabled: context.readOnly });
  input.value = JSON.stringify(row.doc);
  input.addEventListener("input", () => {
    try {
      update(row, context, JSON.parse(input.value));
      input.removeAttribute("aria-invalid");
    } catch {
      input.setAttribute("aria-invalid", "true");
    }
  });
  return { line: [icon("braces"), input] };
}
