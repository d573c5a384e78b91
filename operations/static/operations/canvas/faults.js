// What keeps the drawing on the screen from being started: asked again after changes, shown as a list above the drawing.
// Emits "change".

import { byName } from "./document.js";
import { h, icon } from "./dom.js";
import { strippedOf } from "./commands.js";

const PAUSE = 900;

export class Faults extends EventTarget {
  #timer;
  #sequence = 0;

  /** @param {HTMLElement} element @param {{api, store, open: (name) => void, initial: {code, activity, message}[]}} parts */
  constructor(element, { initial, ...parts }) {
    super();
    Object.assign(this, { element, ...parts });
    this.all = initial ?? [];
    this.store.addEventListener("change", () => this.#later());
    this.#show();
  }

  /** The sentences about one activity. */
  of(name) {
    return this.all.filter((each) => each.activity === name).map(textOf);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), PAUSE);
  }

  async #check() {
    const sequence = (this.#sequence += 1);
    try {
      const { faults } = await this.api.faults({ ...strippedOf(this.store.document), version: this.store.version });
      if (sequence !== this.#sequence) return;
      this.all = faults;
      this.#show();
      this.dispatchEvent(new Event("change"));
    } catch {
      // The next change asks again.
    }
  }

  #show() {
    const shown = this.store.document.activities.length ? this.all : [];
    const isOpen = this.element.querySelector("details")?.open ?? false;
    if (!shown.length) return this.element.replaceChildren();
    const text = ngettext(
      "It can't start yet: %(count)s thing to settle",
      "It can't start yet: %(count)s things to settle",
      shown.length,
    );
    const title = h("summary", {}, icon("triangle-alert"), h("b", {}, interpolate(text, { count: shown.length }, true)));
    const list = h("ul", { class: "faults" }, ...shown.map((fault) => this.#line(fault)));
    return this.element.replaceChildren(h("details", { class: "note warn", open: isOpen }, title, list));
  }

  #line(fault) {
    const { activity } = fault;
    const found = activity && byName(this.store.document, activity);
    if (!found) return h("li", {}, textOf(fault));
    const see = { type: "button", class: "link", on: { click: () => this.open(activity) } };
    return h("li", {}, h("button", see, found.label || activity), " ", textOf(fault));
  }
}

/** The name stands before the sentence already. */
function textOf({ activity, message }) {
  const isNamed = activity && message.startsWith(activity) && /^[:\s]/u.test(message.slice(activity.length));
  return isNamed ? message.slice(activity.length).replace(/^\s*:?\s*/u, "") : message;
}
