// The whole drawing in small, with the part that is seen; a press goes there.

import { NODE_HEIGHT, NODE_WIDTH } from "./document.js";
import { svg } from "./dom.js";

const MARGIN = 60;

export class Minimap {
  /** @param {HTMLElement} element @param {{drawing, store, live}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    this.picture = svg("svg", { class: "map", "aria-hidden": "true" });
    this.seen = svg("rect", { class: "seen" });
    element.replaceChildren(this.picture);
    const draw = () => (this.frame ||= requestAnimationFrame(() => ((this.frame = 0), this.#draw())));
    this.drawing.addEventListener("drawn", draw);
    this.drawing.addEventListener("moved", draw);
    this.picture.addEventListener("pointerdown", (event) => this.#go(event));
    this.picture.addEventListener("pointermove", (event) => event.buttons && this.#go(event));
  }

  #draw() {
    const box = this.drawing.bounds();
    this.element.hidden = !box;
    if (!box) return;
    const view = this.drawing.viewport();
    const left = Math.min(box.x, view.x) - MARGIN;
    const top = Math.min(box.y, view.y) - MARGIN;
    const right = Math.max(box.x + box.width, view.x + view.width) + MARGIN;
    const bottom = Math.max(box.y + box.height, view.y + view.height) + MARGIN;
    this.picture.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
    const digest = JSON.stringify([this.store.document.activities.map(({ name, x, y }) => [x, y, this.live.task(name)?.tone])]);
    if (digest !== this.digest) this.#drawNodes();
    this.digest = digest;
    for (const [name, value] of Object.entries(view)) this.seen.setAttribute(name, value);
  }

  #drawNodes() {
    const nodes = this.store.document.activities.map(({ name, x, y }) =>
      svg("rect", { x, y, width: NODE_WIDTH, height: NODE_HEIGHT, rx: 12, class: `f-${this.live.task(name)?.tone ?? "rest"}` }),
    );
    this.picture.replaceChildren(...nodes, this.seen);
  }

  #go(event) {
    const matrix = this.picture.getScreenCTM();
    if (!matrix) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    this.drawing.centre(x, y);
  }
}
