// The mouse, the pen and the finger on the drawing: select, move, connect, pan, rubber band, zoom.

import { byName, snapped } from "./document.js";
import { svg } from "./dom.js";
import { refusal } from "./rules.js";

const STIRRED = 4;

export class Pointer {
  #gesture = null;
  #space = false;

  /** @param {{drawing, selection, editing, store, types, open: (name) => void, openLink: (key, event) => void}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    const { element } = this.drawing;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#gesture?.move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", () => this.#cancel());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("dblclick", (event) => {
      const name = nodeAt(event.target);
      if (name) this.open(name);
    });
    document.addEventListener("keydown", (event) => this.#hold(event, true));
    document.addEventListener("keyup", (event) => this.#hold(event, false));
  }

  #hold(event, isDown) {
    if (event.key === "Escape" && this.#gesture) this.#cancel();
    if (event.code !== "Space") return;
    this.#space = isDown && !event.target.closest("input, textarea, select, button, a, dialog");
    this.drawing.element.classList.toggle("pans", this.#space);
    if (this.#space && event.target.closest("#canvas-paper, body")) event.preventDefault();
  }

  #down(event) {
    if (event.target.closest(".canvas-over")) return;
    this.#gesture = this.#begin(event);
    if (!this.#gesture) return;
    this.drawing.element.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault();
  }

  #begin(event) {
    if (event.button === 1 || this.#space) return this.#panning(event);
    if (event.button !== 0) return null;
    const name = nodeAt(event.target);
    const port = event.target.closest(".port-out");
    if (port && this.editing.mayChange) return this.#connecting(event, name, port.getAttribute("data-outlet"));
    if (name) return this.#moving(event, name);
    const link = event.target.closest(".transition")?.getAttribute("data-key");
    if (link) return this.#pressing(link);
    return event.shiftKey ? this.#banding(event) : this.#panning(event, () => this.selection.clear());
  }

  #up(event) {
    const gesture = this.#gesture;
    this.#gesture = null;
    gesture?.end(event);
  }

  #cancel() {
    this.#gesture?.cancel?.();
    this.#gesture = null;
  }

  #panning(start, click) {
    let { clientX, clientY } = start;
    let isStirred = false;
    this.drawing.element.classList.add("panning");
    return {
      move: (event) => {
        isStirred ||= Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > STIRRED;
        if (isStirred) this.drawing.pan(event.clientX - clientX, event.clientY - clientY);
        ({ clientX, clientY } = event);
      },
      end: () => {
        this.drawing.element.classList.remove("panning");
        if (!isStirred) click?.();
      },
    };
  }

  #pressing(link) {
    return {
      move: () => {},
      end: (event) => {
        this.selection.set([], link);
        this.openLink(link, event);
      },
    };
  }

  #moving(start, name) {
    const { selection } = this;
    const wasSelected = selection.names.has(name);
    if (start.shiftKey) selection.toggle(name);
    else if (!wasSelected) selection.set([name]);
    this.drawing.focus(name);
    const from = this.drawing.toDrawing(start.clientX, start.clientY);
    const places = [...selection.names].map((each) => byName(this.store.document, each));
    let positions = null;
    return {
      move: (event) => {
        const at = this.drawing.toDrawing(event.clientX, event.clientY);
        const isStirred = Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > STIRRED;
        if (!this.editing.mayChange || start.shiftKey || (!positions && !isStirred)) return;
        positions = Object.fromEntries(places.map((each) => [each.name, moved(each, at.x - from.x, at.y - from.y)]));
        for (const [each, { x, y }] of Object.entries(positions)) this.drawing.place(each, x, y);
      },
      end: () => {
        if (positions) this.editing.move(positions);
        else if (wasSelected && !start.shiftKey) selection.set([name]);
      },
      cancel: () => this.drawing.draw(),
    };
  }

  #connecting(start, source, outlet) {
    const from = this.drawing.toDrawing(start.clientX, start.clientY);
    const line = svg("path", { class: "edge drawn" });
    this.drawing.paper.viewport.append(line);
    const done = () => {
      line.remove();
      this.#showTarget(null);
    };
    return {
      move: (event) => {
        const to = this.drawing.toDrawing(event.clientX, event.clientY);
        const bend = Math.max(30, Math.abs(to.x - from.x) / 2);
        line.setAttribute("d", `M ${from.x} ${from.y} C ${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`);
        const target = under(event);
        const isRefused = target && target !== source && refusal(this.store.document, this.types, { source, outlet, target });
        this.#showTarget(target === source ? null : target, isRefused);
      },
      end: (event) => {
        done();
        const target = under(event);
        if (target && target !== source) this.editing.connect(source, outlet, target);
      },
      cancel: done,
    };
  }

  #showTarget(name, isRefused) {
    for (const each of this.drawing.svg.querySelectorAll(".takes, .refuses")) each.classList.remove("takes", "refuses");
    if (name) this.drawing.node(name)?.classList.add(isRefused ? "refuses" : "takes");
  }

  #banding(start) {
    const from = this.drawing.toDrawing(start.clientX, start.clientY);
    const band = svg("rect", { class: "band" });
    this.drawing.paper.viewport.append(band);
    let area = null;
    return {
      move: (event) => {
        area = areaBetween(from, this.drawing.toDrawing(event.clientX, event.clientY));
        for (const [name, value] of Object.entries(area)) band.setAttribute(name, value);
      },
      end: () => {
        band.remove();
        const touched = this.store.document.activities.filter((each) => area && touches(each, area));
        this.selection.set([...this.selection.names, ...touched.map((each) => each.name)]);
      },
      cancel: () => band.remove(),
    };
  }

  #wheel(event) {
    if (event.target.closest(".canvas-over")) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      this.drawing.zoom(this.drawing.scale * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    } else if (event.shiftKey) this.drawing.pan(-event.deltaY, 0);
    else this.drawing.pan(-event.deltaX, -event.deltaY);
  }
}

const nodeAt = (target) => target.closest?.(".nd")?.getAttribute("data-name") ?? null;

const under = (event) => nodeAt(document.elementFromPoint(event.clientX, event.clientY) ?? document.body);

const moved = ({ x, y }, dx, dy) => ({ x: snapped(x + dx), y: snapped(y + dy) });

function areaBetween(one, other) {
  const [x, y] = [Math.min(one.x, other.x), Math.min(one.y, other.y)];
  return { x, y, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) };
}

const touches = (each, area) =>
  each.x < area.x + area.width && each.x + 156 > area.x && each.y < area.y + area.height && each.y + 86 > area.y;
