/** A group: all, any or none of its rows and groups. */

import { el, icon, select } from "./dom.js";
import { dropTarget } from "./drag.js";
import { entriesOf, newRow } from "./kinds.js";
import { nodeMenu } from "./menu.js";
import { openPicker } from "./picker.js";
import { drawRow } from "./row.js";
import { group, row } from "./tree.js";

/** Beyond this many levels a side panel has no room left. */
export const MAX_DEPTH = 6;

export function drawGroup(node, context, depth = 0) {
  const kinds = [["all", gettext("All")], ["any", gettext("Any")], ["not", gettext("None")]];
  const words = { all: gettext("of these are true"), any: gettext("of these is true"), not: gettext("of these is true") };
  const choose = (kind) => {
    node.kind = kind;
    context.redraw(node.id, "kind");
  };
  const root = depth === 0;
  const kindSelect = select(root ? kinds.slice(0, 2) : kinds, node.kind, choose, { "data-part": "kind", "aria-label": gettext("How the criteria combine"), disabled: context.readOnly });
  const count = el("span", { class: "push cnt" });
  const error = el("p", { class: "err q-error", hidden: true });
  const head = el("div", { class: "qh", "data-node": node.id }, kindSelect, el("span", { class: "q-word" }, words[node.kind]), count);
  if (!root && !context.readOnly) head.append(nodeMenu(node, context));
  context.slots.set(node.id, { count, error, element: head });
  const box = el("div", { class: `qg ${node.kind}`, role: "group", "aria-label": kinds.find(([code]) => code === node.kind)[1] }, head);
  box.append(...node.children.map((child) => (child.type === "row" ? drawRow(child, context) : drawGroup(child, context, depth + 1))));
  if (!node.children.length && context.readOnly) box.append(el("p", { class: "q-word" }, gettext("No criterion.")));
  if (!context.readOnly) {
    box.append(adders(node, context, depth));
    dropTarget(box, node, context, true);
  }
  box.append(error);
  return box;
}

function adders(node, context, depth) {
  const criterion = el("button", { type: "button", class: "q-addition", "data-part": "add", "data-of": node.id, "aria-haspopup": "listbox", "aria-expanded": "false" }, icon("plus"), gettext("Criterion"));
  criterion.addEventListener("click", () =>
    openPicker(criterion, entriesOf(context.catalogue), (entry) => {
      const added = row(newRow(entry, context.catalogue));
      node.children.push(added);
      context.redraw(added.id, "op");
    }),
  );
  const inner = el("button", { type: "button", class: "q-addition", disabled: depth >= MAX_DEPTH }, icon("plus"), gettext("Group"));
  inner.addEventListener("click", () => {
    const added = group(node.kind === "all" ? "any" : "all");
    node.children.push(added);
    context.redraw(added.id, "add");
  });
  return el("div", { class: "q-adders" }, criterion, inner);
}
