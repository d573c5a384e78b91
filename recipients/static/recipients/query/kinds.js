/** What a row is about, and the document of a new one. */

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const keysWithin = (doc, ...known) => Object.keys(doc).every((key) => known.includes(key));
const AGGREGATES = ["sum", "max", "min", "avg"];

/** @returns {"field"|"membership"|"behaviour"|"related"|"saved"|"everyone"|"list"|"unknown"} */
export function kindOf(doc, catalogue) {
  if (!isObject(doc)) return "unknown";
  if ("field" in doc && keysWithin(doc, "field", "op", "value", "feb_29", "days")) {
    return isEditable(doc, catalogue) ? "field" : "unknown";
  }
  if (catalogue.memberships.some((entry) => entry.key in doc) && keysWithin(doc, ...catalogue.memberships.map((entry) => entry.key))) {
    return "membership";
  }
  if ("delivery" in doc && keysWithin(doc, "delivery", "of", "days")) return "behaviour";
  if ("related" in doc && keysWithin(doc, "related", "where", "count", ...AGGREGATES)) {
    return catalogue.related.some((entry) => entry.name === doc.related) ? "related" : "unknown";
  }
  if ("saved" in doc && keysWithin(doc, "saved", "with")) return "saved";
  if (doc.everyone === true && keysWithin(doc, "everyone")) return "everyone";
  if (catalogue.lists && "list" in doc && keysWithin(doc, "list")) return "list";
  return "unknown";
}

function isEditable(doc, catalogue) {
  const field = fieldOf(doc.field, catalogue.fields);
  return field !== null && (doc.op === undefined || operatorsOf(field, catalogue).includes(doc.op) || field.isLoose);
}

/** The description of a field; an attribute that nobody declared takes any operator. */
export function fieldOf(name, fields) {
  if (typeof name !== "string") return null;
  const found = fields.find((field) => field.name === name.replace("denylist.", "denylist_"));
  if (found) return found.name.startsWith("attributes.") ? { ...found, isLoose: true } : found;
  if (!name.startsWith("attributes.")) return null;
  const label = name.slice("attributes.".length);
  return { name, label, kind: "text", group: "attributes", choices: [], source: `field:${name}`, isLoose: true };
}

export const operatorsOf = (field, catalogue) => catalogue.operators[field.kind] || [];

/** The kind that a comparison has by its operator or value, else the field's. */
export function kindOfValue(field, doc) {
  if (["within_last", "older_than"].includes(doc.op)) return "days";
  if (doc.op === "anniversary") return "date";
  if (["contains", "starts_with", "ends_with", "matches_domain"].includes(doc.op)) return "text";
  if (!field.isLoose || doc.value === undefined || doc.value === null) return field.kind;
  const first = Array.isArray(doc.value) ? doc.value[0] : doc.value;
  if (isObject(first) && "today" in first) return "date";
  const natural = { boolean: "boolean", number: "number" }[typeof first];
  return natural || (["number", "boolean"].includes(field.kind) && first !== "" ? "text" : field.kind);
}

/** The value with which a comparison starts. */
export function firstValue(kind, op) {
  if (["is_null", "is_not_null"].includes(op)) return undefined;
  if (["within_last", "older_than"].includes(op)) return { days: 30 };
  if (op === "anniversary") return { today: 0 };
  const one = { boolean: true, date: { today: 0 }, datetime: { today: 0 }, number: 0, integer: 0 }[kind] ?? "";
  if (["in", "not_in"].includes(op)) return one === "" ? [] : [one];
  return op === "between" ? [one, one] : one;
}

/** The document of a new row, from an entry of the picker. */
export function newRow(entry, catalogue) {
  const { type, code } = entry;
  if (type === "field") {
    const field = fieldOf(code, catalogue.fields);
    const op = field.choices.length || field.source ? "in" : operatorsOf(field, catalogue)[0];
    const value = firstValue(field.kind, op);
    return { field: field.name, op, ...(value === undefined || op === "anniversary" ? {} : { value }) };
  }
  if (type === "membership") return { [code]: null };
  if (type === "behaviour") return { delivery: code, days: 30 };
  if (type === "related") return { related: code, count: { op: "gte", value: 1 } };
  if (type === "saved") return { saved: code };
  if (type === "list") return { list: null };
  return { everyone: true };
}

/** What the picker offers: `{type, code, label, group}`. */
export function entriesOf(catalogue) {
  const titles = { recipient: gettext("Profile"), attributes: gettext("Custom attributes") };
  return [
    ...catalogue.fields.map((field) => ({ type: "field", code: field.name, label: field.label, group: titles[field.group] })),
    ...catalogue.memberships.map((entry) => ({ type: "membership", code: entry.key, label: entry.label, group: gettext("Lists and subscriptions") })),
    ...catalogue.behaviours.map((entry) => ({ type: "behaviour", code: entry.code, label: entry.label, group: gettext("Behaviour in deliveries") })),
    ...catalogue.related.map((entry) => ({ type: "related", code: entry.name, label: entry.label, group: gettext("Linked data") })),
    ...catalogue.saved.map((entry) => ({ type: "saved", code: entry.id, label: entry.label, group: gettext("Saved filters"), help: entry.description })),
    { type: "everyone", code: "everyone", label: gettext("Everybody"), group: gettext("Other") },
  ];
}
