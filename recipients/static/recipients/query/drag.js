/** Rows and groups are dragged by their handle, onto a row (before it) or a group (to its end). */

import { moveTo, parentOf } from "./tree.js";

let dragged = null;

export function dragHandle(handle, node) {
  handle.addEventListener("dragstart", (event) => {
    dragged = node;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.stopPropagation();
  });
  handle.addEventListener("dragend", () => {
    dragged = null;
  });
}

export function dropTarget(element, node, context, inside) {
  const fits = () => dragged !== null && dragged !== node && parentOf(context.root, dragged) !== null;
  element.addEventListener("dragover", (event) => {
    if (!fits()) return;
    event.preventDefault();
    event.stopPropagation();
    element.classList.add("q-over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("q-over"));
  element.addEventListener("drop", (event) => {
    element.classList.remove("q-over");
    if (!fits()) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(context.root, dragged, node, inside);
    context.redraw(dragged.id, "menu");
  });
}
