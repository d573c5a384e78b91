// Copy and paste as text of the system's clipboard, within a workflow and from one to another.

import { byName } from "./document.js";
import { toast } from "../../campaign_site/js/toast.js";

const MARKER = "diffusion/activities";
const STEP = 40;

export class Clipboard {
  #pasted = 0;

  constructor({ store, selection, editing }) {
    Object.assign(this, { store, selection, editing });
    document.addEventListener("copy", (event) => this.#copy(event));
    document.addEventListener("cut", (event) => this.#copy(event) && this.editing.removeSelected());
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** What is selected, as a value that can be pasted. */
  fragment() {
    const { names } = this.selection;
    const { transitions } = this.store.document;
    return {
      kind: MARKER,
      activities: [...names].map((name) => byName(this.store.document, name)),
      transitions: transitions.filter((arrow) => names.has(arrow.source) && names.has(arrow.target)),
    };
  }

  duplicate() {
    if (this.selection.names.size) this.editing.paste(this.fragment(), { x: STEP, y: STEP * 3 });
  }

  #copy(event) {
    if (isTyping() || !this.selection.names.size || String(window.getSelection())) return false;
    event.preventDefault();
    event.clipboardData.setData("text/plain", JSON.stringify(this.fragment()));
    this.#pasted = 0;
    return true;
  }

  #paste(event) {
    if (isTyping()) return;
    const fragment = read(event.clipboardData.getData("text/plain"));
    if (!fragment) return;
    event.preventDefault();
    this.#pasted += 1;
    const names = this.editing.paste(fragment, { x: STEP * this.#pasted, y: STEP * this.#pasted });
    const text = ngettext("%(count)s activity pasted.", "%(count)s activities pasted.", names.length);
    const left = fragment.activities.length - names.length;
    toast(interpolate(text, { count: names.length }, true) + (left ? ` ${unknown(left)}` : ""));
  }
}

function unknown(count) {
  const text = ngettext("%(count)s is of a type unknown here.", "%(count)s are of types unknown here.", count);
  return interpolate(text, { count }, true);
}

/** The fragment in a text; null when it is no copy of ours. */
function read(text) {
  try {
    const found = JSON.parse(text);
    const isOurs = found?.kind === MARKER && Array.isArray(found.activities) && Array.isArray(found.transitions);
    const isWhole = isOurs && found.activities.every((each) => each && typeof each.name === "string" && each.config);
    return isWhole ? found : null;
  } catch {
    return null;
  }
}

export function isTyping(element = document.activeElement) {
  return Boolean(element?.closest?.("input, textarea, select, [contenteditable], dialog"));
}
