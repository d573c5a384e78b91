// The drawing on the screen: brings joint's graph in line with the document, the run and the selection.

import { keyOf, NODE_HEIGHT, NODE_WIDTH } from "./document.js";
import { createLink, linkLookOf, LinkModel, updateLink } from "./links.js";
import { lookOf } from "./look.js";
import { createNode, NodeModel, updateNode } from "./nodes.js";
import { route } from "./routes.js";

const { dia } = window.joint;
const SMALLEST = 0.2;
const LARGEST = 2;
const MARGIN = 40;
const ROOM = 24;

// The policy of the page refuses a style element; this one rule of joint's is for shapes that we don't draw.
const Paper = dia.Paper.extend({ stylesheet: "" });

export class Drawing extends EventTarget {
  #frame = 0;

  /** @param {HTMLElement} element @param {{store, selection, types, facts, live, marks}} parts */
  constructor(element, parts) {
    super();
    this.element = element;
    this.parts = parts;
    const namespace = { diffusion: { Node: NodeModel, Transition: LinkModel } };
    this.graph = new dia.Graph({}, { cellNamespace: namespace });
    const surface = element.appendChild(document.createElement("div"));
    this.paper = new Paper({ ...paperOptions(), el: surface, model: this.graph, cellViewNamespace: namespace });
    this.svg = this.paper.svg;
    new ResizeObserver(() => this.#keepInView()).observe(element);
  }

  /** What was selected stays in sight when the panel or the log takes room. */
  #keepInView() {
    const name = this.parts.selection.single;
    if (!this.graph.getElements().length) this.schedule();
    if (name) this.reveal(name);
    this.#moved();
  }

  /** Draw in the next frame, once for all that happens until then. */
  schedule() {
    this.#frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    // On a narrow screen the list stands for it, and nothing could be measured.
    if (!this.element.offsetParent) return;
    const focused = document.activeElement?.closest?.(".nd")?.getAttribute("data-name");
    this.paper.freeze();
    this.#dropGone();
    this.#drawNodes();
    this.#drawLinks();
    this.paper.unfreeze();
    if (focused && !document.activeElement?.closest?.(".nd")) this.focus(focused);
    this.dispatchEvent(new Event("drawn"));
  }

  #dropGone() {
    const { document } = this.parts.store;
    const wanted = new Set([...document.activities.map((each) => each.name), ...document.transitions.map(keyOf)]);
    const gone = this.graph.getCells().filter((cell) => !wanted.has(cell.id));
    if (gone.length) this.graph.removeCells(gone);
  }

  #drawNodes() {
    const { store, facts, faults, types, live, selection, marks } = this.parts;
    for (const activity of store.document.activities) {
      const around = {
        document: store.document,
        types,
        facts: facts.of(activity.name),
        faults: faults().of(activity.name),
        task: live.task(activity.name),
        next: live.next(activity.name),
        mark: marks.nodes[activity.name],
        selected: selection.names.has(activity.name),
      };
      const look = lookOf(activity, around);
      const node = this.graph.getCell(activity.name);
      if (node) updateNode(node, activity, look);
      else this.graph.addCell(createNode(activity, look));
    }
  }

  #drawLinks() {
    const { store, facts, types, live, selection, marks } = this.parts;
    for (const arrow of store.document.transitions) {
      const key = keyOf(arrow);
      const around = {
        document: store.document,
        types,
        facts: facts.all,
        tasks: live.tasks,
        selected: selection.link === key,
        mark: marks.links[key],
      };
      const look = linkLookOf(arrow, around);
      const link = this.graph.getCell(key);
      if (link) updateLink(link, look);
      else if (this.graph.getCell(arrow.source) && this.graph.getCell(arrow.target)) {
        this.graph.addCell(createLink(arrow, look));
      }
    }
  }

  node(name) {
    return this.svg.querySelector(`.nd[data-name="${CSS.escape(name)}"]`);
  }

  focus(name) {
    this.node(name)?.focus({ preventScroll: true });
  }

  /** Move a node on the screen only: the document learns of it when the pointer lets go. */
  place(name, x, y) {
    this.graph.getCell(name)?.position(x, y);
  }

  get scale() {
    return this.paper.scale().sx;
  }

  /** The point of the drawing under a point of the window. */
  toDrawing(clientX, clientY) {
    return this.paper.clientToLocalPoint(clientX, clientY);
  }

  pan(dx, dy) {
    const { tx, ty } = this.paper.translate();
    this.paper.translate(tx + dx, ty + dy);
    this.#moved();
  }

  /** Zoom about a point of the window, or about the middle. */
  zoom(scale, clientX, clientY) {
    const box = this.element.getBoundingClientRect();
    const x = (clientX ?? box.left + box.width / 2) - box.left;
    const y = (clientY ?? box.top + box.height / 2) - box.top;
    const next = Math.min(LARGEST, Math.max(SMALLEST, scale));
    const { tx, ty } = this.paper.translate();
    const ratio = next / this.scale;
    this.paper.scale(next, next);
    this.paper.translate(x - (x - tx) * ratio, y - (y - ty) * ratio);
    this.#moved();
  }

  /** The whole drawing in view, never larger than life. */
  fit() {
    const box = this.bounds();
    const { width, height } = this.element.getBoundingClientRect();
    if (!box || !width) return;
    const scale = Math.min(1, (width - 2 * MARGIN) / box.width, (height - 3 * MARGIN) / box.height);
    const kept = Math.max(SMALLEST, scale);
    this.paper.scale(kept, kept);
    this.paper.translate((width - box.width * kept) / 2 - box.x * kept, (height - box.height * kept) / 2 - box.y * kept);
    this.#moved();
  }

  centre(x, y) {
    const { width, height } = this.element.getBoundingClientRect();
    this.paper.translate(width / 2 - x * this.scale, height / 2 - y * this.scale);
    this.#moved();
  }

  /** Bring a node into view, moving no more than needed. */
  reveal(name) {
    const cell = this.graph.getCell(name);
    if (!cell) return;
    const { x, y } = cell.position();
    const view = this.viewport();
    const isSeen =
      x >= view.x && y >= view.y && x + NODE_WIDTH <= view.x + view.width && y + NODE_HEIGHT <= view.y + view.height;
    if (isSeen) return;
    const dx = shift(x - ROOM, x + NODE_WIDTH + ROOM, view.x, view.x + view.width);
    const dy = shift(y - ROOM, y + NODE_HEIGHT + ROOM, view.y, view.y + view.height);
    this.pan(-dx * this.scale, -dy * this.scale);
  }

  /** What part of the drawing is seen. */
  viewport() {
    const { width, height } = this.element.getBoundingClientRect();
    const { tx, ty } = this.paper.translate();
    return { x: -tx / this.scale, y: -ty / this.scale, width: width / this.scale, height: height / this.scale };
  }

  /** The rectangle around all nodes; null when there is none. */
  bounds() {
    const { activities } = this.parts.store.document;
    if (!activities.length) return null;
    const left = Math.min(...activities.map((each) => each.x));
    const top = Math.min(...activities.map((each) => each.y));
    const right = Math.max(...activities.map((each) => each.x)) + NODE_WIDTH;
    const bottom = Math.max(...activities.map((each) => each.y)) + NODE_HEIGHT;
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  #moved() {
    this.dispatchEvent(new Event("moved"));
  }
}

/** How far a view has to go for a stretch to be in it. */
function shift(from, to, start, end) {
  return from < start ? from - start : to > end ? to - end : 0;
}

function paperOptions() {
  return {
    width: "100%",
    height: "100%",
    gridSize: 1,
    interactive: false,
    // Pointers and keys are ours: joint draws.
    guard: () => true,
    preventContextMenu: false,
    defaultRouter: route,
    defaultConnector: { name: "rounded", args: { radius: 10 } },
    defaultConnectionPoint: { name: "anchor" },
    defaultAnchor: { name: "center" },
  };
}
