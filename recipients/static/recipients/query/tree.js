/**
 * The editor's model of a filter: groups of rows. A row keeps its document whole, whatever it is, so that nothing that
 * a filter may say is ever lost.
 *
 * @typedef {{id: number, type: "row", doc: *}} Row
 * @typedef {{id: number, type: "group", kind: "all"|"any"|"not", children: Array<Row|Group>}} Group
 */

let last = 0;
const next = () => (last += 1);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const only = (document, key) => Object.keys(document).length === 1 && key in document;

export const row = (doc) => ({ id: next(), type: "row", doc });
export const group = (kind, children = []) => ({ id: next(), type: "group", kind, children });

/** @returns {Group} the root: a lone condition or exclusion stands in an `all` group of its own */
export function parse(document) {
  if (document === null || document === undefined) return group("all");
  const node = parseNode(document);
  return node.type === "group" && node.kind !== "not" ? node : group("all", [node]);
}

function parseNode(document) {
  if (isObject(document)) {
    for (const kind of ["all", "any"]) {
      if (only(document, kind) && Array.isArray(document[kind])) return group(kind, document[kind].map(parseNode));
    }
    if (only(document, "not")) {
      const inner = document.not;
      const several = isObject(inner) && only(inner, "any") && Array.isArray(inner.any);
      return group("not", several ? inner.any.map(parseNode) : [parseNode(inner)]);
    }
  }
  return row(document);
}

/** @returns {*} the document; null for a filter without any condition. Groups without any are left out. */
export function write(node) {
  if (node.type === "row") return node.doc;
  const children = node.children.map(write).filter((child) => child !== null);
  if (!children.length) return null;
  if (node.kind !== "not") return { [node.kind]: children };
  return { not: children.length === 1 ? children[0] : { any: children } };
}

/** @returns {Map<string, Row|Group>} every node by its place in the written document, "all.0.not" */
export function places(root) {
  const found = new Map();
  const visit = (node, path) => {
    found.set(path.join("."), node);
    if (node.type === "row") return;
    const kept = node.children.filter((child) => write(child) !== null);
    kept.forEach((child, at) => {
      if (node.kind !== "not") visit(child, [...path, node.kind, at]);
      else visit(child, kept.length === 1 ? [...path, "not"] : [...path, "not", "any", at]);
    });
  };
  visit(root, []);
  return found;
}

/** The node at the place, or the nearest one around it. */
export function nearest(found, place) {
  const steps = place.split(".");
  for (let length = steps.length; length > 0; length -= 1) {
    const node = found.get(steps.slice(0, length).join("."));
    if (node) return node;
  }
  return found.get("");
}

/** @returns {?Group} */
export function parentOf(root, node) {
  if (root.type === "row") return null;
  if (root.children.includes(node)) return root;
  for (const child of root.children) {
    const found = parentOf(child, node);
    if (found) return found;
  }
  return null;
}

const contains = (node, other) => node === other || (node.type === "group" && node.children.some((child) => contains(child, other)));

export function remove(root, node) {
  const parent = parentOf(root, node);
  parent.children.splice(parent.children.indexOf(node), 1);
}

export function duplicate(root, node) {
  const parent = parentOf(root, node);
  const copy = node.type === "row" ? row(structuredClone(node.doc)) : parseNode(structuredClone(write(node)));
  const made = copy.type === node.type ? copy : group(node.kind);
  parent.children.splice(parent.children.indexOf(node) + 1, 0, made);
  return made;
}

/** One place up (-1) or down (1): into a group that lies there, and out of its own at either end. */
export function move(root, node, step) {
  const parent = parentOf(root, node);
  const at = parent.children.indexOf(node);
  const neighbour = parent.children[at + step];
  if (neighbour === undefined) {
    const above = parentOf(root, parent);
    if (!above) return;
    parent.children.splice(at, 1);
    above.children.splice(above.children.indexOf(parent) + (step > 0 ? 1 : 0), 0, node);
  } else if (neighbour.type === "group" && node.type === "row") {
    parent.children.splice(at, 1);
    neighbour.children.splice(step > 0 ? 0 : neighbour.children.length, 0, node);
  } else {
    parent.children.splice(at, 1);
    parent.children.splice(at + step, 0, node);
  }
}

/** Before `target`, or at the end of it when it is a group; nowhere into itself. */
export function moveTo(root, node, target, inside) {
  if (contains(node, target)) return;
  remove(root, node);
  if (inside) {
    target.children.push(node);
    return;
  }
  const parent = parentOf(root, target);
  parent.children.splice(parent.children.indexOf(target), 0, node);
}

export const depthOf = (root, node) => {
  const parent = parentOf(root, node);
  return parent ? depthOf(root, parent) + 1 : 0;
};
