// What differs between two drawings, as a list and as marks on the drawing.

import { byName, keyOf } from "./document.js";
import { h } from "./dom.js";

/** @returns {{kind: "added"|"removed"|"changed"|"moved", name: string, key?: string, label: string, changes: object[]}[]} from one to the other */
export function differences(one, other, types = {}) {
  const found = [];
  for (const after of other.activities) {
    const before = byName(one, after.name);
    if (!before) found.push(line("added", after));
    else found.push(...changed(before, after, types));
  }
  for (const before of one.activities) if (!byName(other, before.name)) found.push(line("removed", before));
  return [...found, ...arrows(one, other)];
}

const line = (kind, { name, label }, changes = []) => ({ kind, name, label: label || name, changes });

function changed(before, after, types) {
  const fields = types[after.type]?.fields ?? [];
  const called = (name) => fields.find((field) => field.name === name)?.label ?? name;
  const keys = new Set([...Object.keys(before.config), ...Object.keys(after.config)]);
  const changes = [...keys].map((name) => ({ field: called(name), before: before.config[name], after: after.config[name] }));
  changes.unshift({ field: gettext("Label"), before: before.label, after: after.label });
  changes.unshift({ field: gettext("Type"), before: before.type, after: after.type });
  const real = changes.filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after));
  if (real.length) return [line("changed", after, real)];
  return before.x !== after.x || before.y !== after.y ? [line("moved", after)] : [];
}

function arrows(one, other) {
  const [before, after] = [one, other].map((each) => new Map(each.transitions.map((arrow) => [keyOf(arrow), arrow])));
  const called = (document, name) => byName(document, name)?.label || name;
  const told = (kind, document, key, { source, target }) => {
    return { ...line(kind, { name: "", label: `${called(document, source)} → ${called(document, target)}` }), key };
  };
  return [
    ...[...after].filter(([key]) => !before.has(key)).map(([key, arrow]) => told("added", other, key, arrow)),
    ...[...before].filter(([key]) => !after.has(key)).map(([key, arrow]) => told("removed", one, key, arrow)),
  ];
}

/** Marks for the drawing: `{nodes: {name: kind}, links: {key: kind}}`. */
export function marksOf(diff) {
  const kinds = (place) => Object.fromEntries(diff.filter((each) => each[place]).map((each) => [each[place], each.kind]));
  return { nodes: kinds("name"), links: kinds("key") };
}

/** @param {(name: string) => void} [see] brings an activity of the drawing into view */
export function differenceList(diff, nothing, see) {
  if (!diff.length) return h("p", { class: "mut" }, nothing);
  const words = {
    added: gettext("added"),
    removed: gettext("removed"),
    changed: gettext("changed"),
    moved: gettext("moved"),
  };
  const rows = diff.map(({ kind, name, label, changes }) =>
    h("li", { class: `diff-${kind}` }, titleOf(kind, name, label, see), ` ${words[kind] ?? kind}`, fieldList(changes ?? [])),
  );
  return h("ul", { class: "diff" }, ...rows);
}

/** What is on the drawing can be looked at; what was removed can't. */
function titleOf(kind, name, label, see) {
  const title = h("b", {}, label || name);
  if (!see || !name || kind === "removed") return title;
  return h("button", { type: "button", class: "link", on: { click: () => see(name) } }, title);
}

function fieldList(changes) {
  if (!changes.length) return null;
  const shown = (value) => (value === undefined || value === null ? "–" : typeof value === "string" ? value : JSON.stringify(value));
  const rows = changes.map(({ field, before, after }) => h("li", {}, `${field}: `, h("del", {}, shown(before)), " → ", h("ins", {}, shown(after))));
  return h("ul", {}, ...rows);
}
