// The keys of the drawing. Every drag has a key; the page's own keys stay.

import { arrowsFrom, arrowsInto, byName, GRID } from "./document.js";
import { isTyping } from "./clipboard.js";
import { pick } from "./dialogs.js";
import { refusal } from "./rules.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keyboard {
  /** @param {{store, selection, editing, drawing, palette, clipboard, types, commands}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    document.addEventListener("keydown", (event) => this.#press(event));
    this.drawing.element.addEventListener("focusin", (event) => this.#followFocus(event));
  }

  #press(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const handler = event.ctrlKey || event.metaKey ? this.#withControl(event) : this.#plain(event);
    if (!handler) return;
    event.preventDefault();
    handler();
  }

  #withControl(event) {
    const key = event.key.toLowerCase();
    if (key === "s") return () => this.commands.save();
    if (isTyping()) return null;
    if (key === "a") return () => this.selection.set(this.store.document.activities.map((each) => each.name));
    if (!this.editing.mayChange) return null;
    if (key === "z") return () => (event.shiftKey ? this.store.redo() : this.store.undo());
    if (key === "y") return () => this.store.redo();
    if (key === "d") return () => this.clipboard.duplicate();
    return null;
  }

  #plain(event) {
    if (event.key === "Escape") return this.#escape();
    if (isTyping()) return null;
    if (event.key === "/") return () => this.palette.search.focus();
    const zooming = this.#zooming(event.key);
    if (zooming) return zooming;
    const isElsewhere = event.target.closest?.("button, a, summary, [role=tab]") && !event.target.closest(".nd");
    if (isElsewhere) return null;
    return this.#moving(event) ?? this.#changing(event.key);
  }

  #escape() {
    if (this.commands.closeLayer()) return () => {};
    const name = this.selection.single;
    if (isTyping() || !document.activeElement?.closest("#canvas-panel")) return () => this.selection.clear();
    return () => this.drawing.focus(name);
  }

  #moving(event) {
    const step = ARROWS[event.key];
    if (!step || !this.selection.names.size) return step ? () => this.#goTo(this.#first()) : null;
    if (event.altKey) return () => this.editing.nudge(step[0] * GRID, step[1] * GRID);
    return () => this.#goTo(this.#neighbour(this.selection.single, step));
  }

  #zooming(key) {
    if (key === "+" || key === "=") return () => this.drawing.zoom(this.drawing.scale * 1.2);
    if (key === "-") return () => this.drawing.zoom(this.drawing.scale / 1.2);
    if (key === "0") return () => this.drawing.fit();
    return null;
  }

  #changing(key) {
    const name = this.selection.single;
    if (key === "Enter" && name) return () => this.commands.open(name, { focus: true });
    if (!this.editing.mayChange) return null;
    if (key === "Delete" || key === "Backspace") return () => this.editing.removeSelected();
    if (key === "n") return () => this.addAfter(name);
    if (key === "c" && name) return () => this.connectFrom(name);
    return null;
  }

  #first() {
    return this.store.document.activities[0]?.name;
  }

  #goTo(name) {
    if (!name) return;
    this.selection.set([name]);
    this.drawing.reveal(name);
    this.drawing.focus(name);
  }

  /** Right and left follow transitions; up and down go to the nearest node above or below. */
  #neighbour(name, [dx, dy]) {
    const { document } = this.store;
    if (!name) return null;
    const here = byName(document, name);
    const nearest = (names) =>
      names.map((each) => byName(document, each)).sort((one, other) => apart(one, here) - apart(other, here))[0]?.name;
    if (dx > 0) return nearest(arrowsFrom(document, name).map((arrow) => arrow.target));
    if (dx < 0) return nearest(arrowsInto(document, name).map((arrow) => arrow.source));
    return nearest(document.activities.filter((each) => (each.y - here.y) * dy > 0).map((each) => each.name));
  }

  #followFocus(event) {
    const name = event.target.closest?.(".nd")?.getAttribute("data-name");
    if (name && !this.selection.names.has(name)) this.selection.set([name]);
    if (name) this.drawing.reveal(name);
  }

  async addAfter(name) {
    const types = Object.values(this.types).filter((type) => type.allowed);
    const options = types.map((type) => ({ value: type.code, label: type.label, hint: type.description, icon: type.icon }));
    const code = await pick({ title: gettext("Add an activity"), options });
    const added = code && this.editing.addAfter(code, name);
    if (added) this.#goTo(added);
    else if (name) this.drawing.focus(name);
  }

  async connectFrom(name) {
    const { document } = this.store;
    const options = this.editing.outletsOf(name).flatMap(({ outlet, label, isOnly }) =>
      document.activities
        .filter((each) => !refusal(document, this.types, { source: name, outlet, target: each.name }))
        .map((each) => ({
          value: { outlet, target: each.name },
          label: each.label || each.name,
          hint: isOnly ? this.types[each.type]?.label : label,
          icon: this.types[each.type]?.icon,
        })),
    );
    const chosen = await pick({ title: gettext("Connect to…"), options });
    if (chosen) this.editing.connect(name, chosen.outlet, chosen.target);
    this.drawing.draw();
    this.drawing.focus(name);
  }
}

const apart = (one, other) => Math.abs(one.x - other.x) + 2 * Math.abs(one.y - other.y);
