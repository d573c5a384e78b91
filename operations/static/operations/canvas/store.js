// The document on the screen, its history and what is saved of it. Emits "change" with the reason.

const LONGEST_HISTORY = 200;
const TYPING_PAUSE = 1500;

export class Store extends EventTarget {
  #past = [];
  #future = [];
  #present;
  #saved;
  #typing = { key: null, at: 0 };

  /** @param {{version: number, activities: object[], transitions: object[]}} definition */
  constructor({ version, activities, transitions }) {
    super();
    this.version = version;
    this.#present = { activities, transitions };
    this.#saved = this.#present;
  }

  get document() {
    return this.#present;
  }

  get saved() {
    return this.#saved;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  get isDirty() {
    return this.#present !== this.#saved && JSON.stringify(this.#present) !== JSON.stringify(this.#saved);
  }

  /** One step of the history; edits with the same key in quick succession are one step. */
  change(next, key = null) {
    const now = Date.now();
    const goesOn = key !== null && key === this.#typing.key && now - this.#typing.at < TYPING_PAUSE;
    if (!goesOn) this.#past.push(this.#present);
    if (this.#past.length > LONGEST_HISTORY) this.#past.shift();
    this.#typing = { key, at: now };
    this.#future = [];
    this.#show(next, "change");
  }

  /** What follows from the last step, and is undone with it. */
  amend(next) {
    this.#show(next, "amend");
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push(this.#present);
    this.#typing.key = null;
    this.#show(this.#past.pop(), "undo");
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push(this.#present);
    this.#typing.key = null;
    this.#show(this.#future.pop(), "redo");
  }

  /** The server keeps `document` as this version. */
  markSaved(document, version) {
    this.#saved = document;
    this.version = version;
    this.#show(this.#present, "saved");
  }

  /** Take the server's definition; the step can be undone, the version is the server's. */
  replace({ version, activities, transitions }) {
    this.change({ activities, transitions });
    this.markSaved(this.#present, version);
  }

  /** Show what somebody else saved, to who only reads: no step of the history. */
  follow({ version, activities, transitions }) {
    this.#present = { activities, transitions };
    this.markSaved(this.#present, version);
    this.#show(this.#present, "change");
  }

  #show(document, reason) {
    this.#present = document;
    this.dispatchEvent(new CustomEvent("change", { detail: { reason } }));
  }
}
