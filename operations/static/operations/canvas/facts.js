// What the server says of each configuration: errors, outlets, one line for the node. Asked again when it changes.
// Emits "change" with the name, and "vanished" when transitions leave from outlets that are no more.

import { arrowsFrom, byName, sourcesOf } from "./document.js";

const PAUSE = 400;

export class Facts extends EventTarget {
  all = {};
  #asked = new Map();
  #timer;

  constructor({ api, store, types }) {
    super();
    Object.assign(this, { api, store, types });
    store.addEventListener("change", () => this.#later());
  }

  of(name) {
    return this.all[name];
  }

  /** Ask about every activity whose configuration or sources are not the ones answered for. */
  async check() {
    clearTimeout(this.#timer);
    const { document } = this.store;
    const changed = document.activities.filter((each) => this.#asked.get(each.name) !== this.#digest(each));
    if (changed.length) await this.#ask(changed);
  }

  /** Ask about one activity again, though nothing of it changed (it was saved, for example). */
  forget(name) {
    if (name) this.#asked.delete(name);
    else this.#asked.clear();
    this.#later();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), PAUSE);
  }

  #digest({ name, type, config }) {
    return JSON.stringify([type, config, sourcesOf(this.store.document, name)]);
  }

  async #ask(activities) {
    const { document } = this.store;
    const asked = activities.map((each) => ({ name: each.name, digest: this.#digest(each), before: this.#asked.get(each.name) }));
    for (const { name, digest } of asked) this.#asked.set(name, digest);
    const given = activities.map(({ name, type, config }) => ({ name, type, config, sources: sourcesOf(document, name) }));
    try {
      const { answers } = await this.api.validate(given);
      for (const each of asked) if (this.#asked.get(each.name) === each.digest) this.#take(each, answers[each.name]);
    } catch {
      // The next change or save asks again; saving itself says what is wrong.
      for (const { name } of asked) this.#asked.delete(name);
    }
  }

  #take({ name, before }, answer) {
    this.all = { ...this.all, [name]: answer };
    this.dispatchEvent(new CustomEvent("change", { detail: { name } }));
    if (before !== undefined && !Object.keys(answer.errors ?? {}).length) this.#findVanished(name, answer.outlets);
  }

  #findVanished(name, outlets) {
    if (!byName(this.store.document, name)) return;
    const arrows = arrowsFrom(this.store.document, name).filter((arrow) => !outlets.includes(arrow.outlet));
    if (arrows.length) this.dispatchEvent(new CustomEvent("vanished", { detail: { name, arrows } }));
  }
}
