// What is selected: activities by name, or one transition by key. Emits "change".

export class Selection extends EventTarget {
  names = new Set();
  link = null;

  /** The one selected activity, or null. */
  get single() {
    return this.names.size === 1 ? [...this.names][0] : null;
  }

  set(names, link = null) {
    this.names = new Set(names);
    this.link = link;
    this.dispatchEvent(new Event("change"));
  }

  toggle(name) {
    const names = new Set(this.names);
    if (!names.delete(name)) names.add(name);
    this.set(names);
  }

  clear() {
    if (this.names.size || this.link) this.set([]);
  }
}
