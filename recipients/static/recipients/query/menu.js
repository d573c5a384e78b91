/** The handle and the commands of a row or group: move, duplicate, remove; by mouse and keyboard. */

import { el, iconButton } from "./dom.js";
import { dropTarget, dragHandle } from "./drag.js";
import { duplicate, move, parentOf, remove } from "./tree.js";

export function nodeMenu(node, context) {
  const act = (change) => () => context.redraw(...(change() || [node.id, "menu"]));
  const up = () => void move(context.root, node, -1);
  const down = () => void move(context.root, node, 1);
  const copy = () => [duplicate(context.root, node).id, "menu"];
  const drop = () => {
    const parent = parentOf(context.root, node);
    remove(context.root, node);
    return [parent.id, "add"];
  };
  const handle = iconButton("grip-vertical", gettext("Move, with the arrow keys or the mouse"), () => {}, { "data-part": "menu", class: "q-ib q-grip", draggable: "true" });
  handle.addEventListener("keydown", (event) => {
    const commands = { ArrowUp: up, ArrowDown: down, Delete: drop };
    if (!(event.key in commands)) return;
    event.preventDefault();
    event.stopPropagation();
    act(commands[event.key])();
  });
  dragHandle(handle, node);
  const box = el("span", { class: "q-menu" }, handle, iconButton("copy", gettext("Duplicate"), act(copy)), iconButton("x", gettext("Remove"), act(drop), { "data-part": "remove" }));
  if (node.type === "row") queueMicrotask(() => dropTarget(box.closest(".q-item") || box, node, context, false));
  return box;
}
