// The drawing as a list, for narrow screens: in order, branches indented, with states and counts. Read only.

import { arrowsFrom, byName, inOrder, sourcesOf } from "./document.js";
import { badge, h, icon, note, people } from "./dom.js";

export class List {
  /** @param {HTMLElement} element @param {{store, live, types, open}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    this.narrow = window.matchMedia("(max-width: 760px)");
    for (const part of [this.store, this.live, this.narrow]) part.addEventListener("change", () => this.draw());
    this.draw();
  }

  draw() {
    if (!this.narrow.matches) return;
    const depths = depthsOf(this.store.document);
    const rows = inOrder(this.store.document).map((name) => this.#row(name, depths[name]));
    const text = gettext("On a small screen the drawing is a list. Change it on a larger one.");
    this.element.replaceChildren(note("", text), h("ol", { class: "wfl" }, ...rows), ...this.#errors());
  }

  #row(name, depth) {
    const activity = byName(this.store.document, name);
    const type = this.types[activity.type] ?? { label: activity.type, icon: "puzzle", family: "flow" };
    const task = this.live.task(name);
    const amount = Object.values(task?.outlets ?? {}).find((value) => value !== null);
    const result = h(
      "span",
      { class: "wfl-state" },
      task ? badge(task) : h("span", { class: "mut" }, this.live.next(name) ?? ""),
      amount === undefined ? null : h("span", { class: "mut num" }, people(amount)),
    );
    const names = h("span", { class: "grow" }, h("span", { class: "mut" }, type.label), h("b", {}, activity.label || name));
    const open = { type: "button", on: { click: () => this.open(name) } };
    const tint = h("span", { class: `tint large fl-${type.family} ic-${type.family}` }, icon(type.icon || "square"));
    return h("li", { class: `deep-${Math.min(depth, 4)}` }, h("button", open, tint, names, result));
  }

  #errors() {
    const failed = Object.entries(this.live.tasks ?? {}).filter(([, task]) => task.error);
    return failed.map(([name, task]) => note("bad", byName(this.store.document, name)?.label || name, task.error));
  }
}

/** A branch is one deeper than the activity that forks; where branches meet, the depth of the shallowest. */
export function depthsOf(document) {
  const depths = {};
  for (const name of inOrder(document)) {
    const before = sourcesOf(document, name).filter((source) => depths[source] !== undefined);
    const inside = before.map((source) => depths[source] + (isBranch(document, source, name) ? 1 : 0));
    depths[name] = inside.length ? Math.min(...inside) : 0;
  }
  return depths;
}

/** Of several ways out, the first goes on at the same depth. */
function isBranch(document, source, target) {
  const targets = [...new Set(arrowsFrom(document, source).map((arrow) => arrow.target))];
  return targets.length > 1 && targets[0] !== target;
}
