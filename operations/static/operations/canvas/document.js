// The definition as a value: every function answers a new document and leaves the old one as it was.
// {activities: [{name, type, label, x, y, config, …}], transitions: [{source, outlet, target}]}

export const NODE_WIDTH = 156;
export const NODE_HEIGHT = 86;
export const GRID = 10;
const MAXIMUM_NAME = 100;

export const byName = (document, name) => document.activities.find((activity) => activity.name === name);

export const keyOf = ({ source, outlet, target }) => JSON.stringify([source, outlet, target]);

export const arrowsFrom = (document, name) => document.transitions.filter((arrow) => arrow.source === name);

export const arrowsInto = (document, name) => document.transitions.filter((arrow) => arrow.target === name);

export const sourcesOf = (document, name) => [...new Set(arrowsInto(document, name).map((arrow) => arrow.source))];

export function add(document, activities, transitions = []) {
  return {
    activities: [...document.activities, ...activities],
    transitions: [...document.transitions, ...transitions],
  };
}

/** Without these activities, and without the transitions that touch them. */
export function remove(document, names) {
  const gone = new Set(names);
  return {
    activities: document.activities.filter((activity) => !gone.has(activity.name)),
    transitions: document.transitions.filter((arrow) => !gone.has(arrow.source) && !gone.has(arrow.target)),
  };
}

export function connect(document, arrow) {
  return { ...document, transitions: [...document.transitions, arrow] };
}

export function disconnect(document, keys) {
  const gone = new Set(keys);
  return { ...document, transitions: document.transitions.filter((arrow) => !gone.has(keyOf(arrow))) };
}

/** @param {Record<string, {x: number, y: number}>} positions */
export function move(document, positions) {
  return {
    ...document,
    activities: document.activities.map((activity) => ({ ...activity, ...(positions[activity.name] ?? {}) })),
  };
}

export function change(document, name, values) {
  const activities = document.activities.map((each) => (each.name === name ? { ...each, ...values } : each));
  return { ...document, activities };
}

/** The same drawing with activities under other names, wherever a transition or a `source` setting says them. */
export function rename(document, names, types) {
  const called = (name) => names[name] ?? name;
  return {
    activities: document.activities.map((activity) => ({
      ...activity,
      name: called(activity.name),
      config: renamedConfig(activity, called, types),
    })),
    transitions: document.transitions.map((arrow) => ({
      ...arrow,
      source: called(arrow.source),
      target: called(arrow.target),
    })),
  };
}

function renamedConfig(activity, called, types) {
  const config = { ...activity.config };
  for (const field of types[activity.type]?.fields ?? []) {
    if (field.editor === "source" && typeof config[field.name] === "string") {
      config[field.name] = called(config[field.name]);
    }
  }
  return config;
}

/** A name that no activity has: the base itself, or with a number. */
export function freeName(taken, base) {
  const stem = base.replace(/_\d+$/, "").slice(0, MAXIMUM_NAME - 5);
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

export const names = (document) => new Set(document.activities.map((activity) => activity.name));

/** These activities and all that can be reached from them. */
export function downstream(document, starts) {
  const found = new Set();
  const pending = [...starts];
  while (pending.length) {
    const name = pending.pop();
    if (found.has(name)) continue;
    found.add(name);
    pending.push(...arrowsFrom(document, name).map((arrow) => arrow.target));
  }
  return found;
}

/** Every activity after those that lead to it; those on a cycle come last. */
export function inOrder(document) {
  const waiting = new Map(document.activities.map((each) => [each.name, sourcesOf(document, each.name).length]));
  const ready = document.activities.filter((each) => !waiting.get(each.name)).map((each) => each.name);
  const ordered = [];
  while (ready.length) {
    const name = ready.shift();
    ordered.push(name);
    for (const target of [...new Set(arrowsFrom(document, name).map((arrow) => arrow.target))].reverse()) {
      waiting.set(target, waiting.get(target) - 1);
      if (waiting.get(target) === 0) ready.unshift(target);
    }
  }
  const left = document.activities.map((each) => each.name).filter((name) => !ordered.includes(name));
  return [...ordered, ...left];
}

export const snapped = (value) => Math.round(value / GRID) * GRID;

/** The nearest place at or below this one where a node overlaps no other. */
export function freePlace(document, { x, y }) {
  const place = { x: snapped(x), y: snapped(y) };
  const covers = (each) =>
    Math.abs(each.x - place.x) < NODE_WIDTH + GRID && Math.abs(each.y - place.y) < NODE_HEIGHT + GRID;
  while (document.activities.some(covers)) place.y += NODE_HEIGHT + 34;
  return place;
}
