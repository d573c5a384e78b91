/** A row about linked data: how many rows, or a total, and a filter of its own over these rows. */

import { el, select } from "./dom.js";
import { drawGroup } from "./group.js";
import { kindOfValue } from "./kinds.js";
import { group, parse, write } from "./tree.js";
import { editValue } from "./value/index.js";

const AGGREGATES = ["sum", "max", "min", "avg"];

/** The catalogue inside `where`: the fields of the linked model alone. */
function inside(catalogue, related) {
  return { ...catalogue, fields: related.fields, memberships: [], behaviours: [], related: [], saved: [], lists: false };
}

export function drawRelated(row, context, subject) {
  const { catalogue, readOnly } = context;
  const related = catalogue.related.find((entry) => entry.name === row.doc.related);
  const measure = ["count", ...AGGREGATES].find((name) => name in row.doc) || "exists";
  const measures = [["exists", gettext("at least one")], ["count", gettext("number")], ...related.aggregates.map(({ name, label }) => [name, label])];
  const choose = (name) => {
    row.doc = { related: row.doc.related, ...startOf(name, related), ...("where" in row.doc ? { where: row.doc.where } : {}) };
    context.redraw(row.id, "measure");
  };
  const line = [subject(row, context), select(measures, measure, choose, { class: "o", "data-part": "measure", "aria-label": gettext("What is compared"), disabled: readOnly })];
  if (measure !== "exists") line.push(...comparison(row, context, related, measure));
  return { line, below: [where(row, context, related)] };
}

function startOf(name, related) {
  if (name === "exists") return {};
  if (name === "count") return { count: { op: "gte", value: 1 } };
  const field = related.fields.find((entry) => entry.name === related.aggregates.find((item) => item.name === name).fields[0]);
  return { [name]: { field: field.name, op: "gte", value: ["date", "datetime"].includes(field.kind) ? { today: 0 } : 0 } };
}

function comparison(row, context, related, measure) {
  const { catalogue, readOnly, urls } = context;
  const raw = row.doc[measure];
  const node = measure === "count" && (typeof raw !== "object" || raw === null) ? { op: "gte", value: raw } : raw;
  const fields = measure === "count" ? [] : related.aggregates.find((item) => item.name === measure)?.fields || [];
  const field = related.fields.find((entry) => entry.name === node.field);
  const kind = field && ["max", "min"].includes(measure) ? kindOfValue(field, {}) : "number";
  const labels = catalogue.operator_labels[field && ["max", "min"].includes(measure) ? field.kind : "number"];
  const set = (next) => {
    row.doc = { ...row.doc, [measure]: next };
  };
  const chooseOperator = (op) => {
    const one = Array.isArray(node.value) ? node.value[0] : node.value;
    set({ ...node, op, value: op === "between" ? [one, one] : one });
    context.redraw(row.id, "op");
  };
  const chooseField = (name) => {
    set({ ...node, field: name });
    context.redraw(row.id, "field");
  };
  const options = fields.map((name) => [name, related.fields.find((entry) => entry.name === name).label]);
  return [
    fields.length ? select(options, node.field, chooseField, { class: "o", "data-part": "field", "aria-label": gettext("Field"), disabled: readOnly }) : null,
    select(catalogue.aggregate_operators.map((code) => [code, labels[code]]), node.op, chooseOperator, { class: "o", "data-part": "op", "aria-label": gettext("Operator"), disabled: readOnly }),
    editValue(kind, node.op, {
      value: node.value, label: related.label, choices: [], source: "", urls, readOnly,
      onChange: (value) => {
        set({ ...node, value });
        context.changed();
      },
    }),
  ];
}

function where(row, context, related) {
  if (!row.where) row.where = "where" in row.doc ? parse(row.doc.where) : group("all");
  const sync = () => {
    const { where: before, ...rest } = row.doc;
    const written = write(row.where);
    row.doc = written === null ? rest : { ...rest, where: written };
  };
  const own = {
    ...context,
    catalogue: inside(context.catalogue, related),
    root: row.where,
    changed: () => (sync(), context.changed()),
    redraw: (...focus) => (sync(), context.redraw(...focus)),
  };
  const title = interpolate(gettext("Only “%(rows)s” where"), { rows: related.label }, true);
  return el("div", { class: "q-where" }, el("p", { class: "q-word" }, title), drawGroup(row.where, own));
}
