/** The query editor: a filter as nested groups of criteria, or as text; counted and read back while one writes it. */

import { catalogueOf } from "./api.js";
import { el, loadSheet } from "./dom.js";
import { drawGroup } from "./group.js";
import { makeResults } from "./results.js";
import { saveControl } from "./saved.js";
import { makeText } from "./text.js";
import { parse, write } from "./tree.js";

/**
 * @param {HTMLElement} element emptied, and filled with the editor
 * @param {{value: *, onChange: function(*): void, urls: Object<string, string>, compact: boolean, readOnly: boolean,
 *   instant: string|undefined, parameters: function(): ?Array, lists: boolean}} options `value` null: no criterion yet;
 *   `lists`: the whole filter may also be `{"list": id}`
 * @returns {{setValue: function(*): void, getValue: function(): *, setErrors: function(*): void, destroy: function(): void}}
 */
export function mountQueryEditor(element, options) {
  const editor = new Editor(element, options);
  editor.start();
  return {
    setValue: (value) => editor.setValue(value),
    getValue: () => editor.value,
    setErrors: (errors) => editor.setErrors(errors),
    destroy: () => editor.destroy(),
  };
}

class Editor {
  constructor(element, { value = null, onChange = () => {}, urls, compact = false, readOnly = false, instant, parameters = () => null, lists = false }) {
    Object.assign(this, { element, onChange, urls, readOnly, instant, parameters, lists });
    this.value = value ?? null;
    this.slots = new Map();
    this.isGone = false;
    loadSheet();
    element.classList.add("query-editor");
    element.classList.toggle("compact", compact);
    this.frame();
  }

  frame() {
    this.tree = parse(structuredClone(this.value));
    this.groups = el("div", { class: "qb", "aria-busy": "true" }, el("div", { class: "sk" }));
    this.text = makeText({ readOnly: this.readOnly, onChange: (value) => this.typed(value) });
    this.text.element.hidden = true;
    const mode = (code, label) => el("button", { type: "button", class: "q-choice", "aria-pressed": String(code === "builder"), "data-mode": code, onclick: () => this.show(code) }, label);
    this.modes = el("div", { class: "q-modes q-choices", role: "group", "aria-label": gettext("Mode") }, mode("builder", gettext("Builder")), mode("text", gettext("Text")));
    this.results = makeResults({ urls: this.urls, slots: this.slots, root: () => this.tree, question: () => this.question(), readOnly: this.readOnly });
    this.element.replaceChildren(this.modes, this.groups, this.text.element, this.results.element);
  }

  async start() {
    try {
      this.catalogue = { ...(await catalogueOf(this.urls.catalogue)), lists: this.lists };
    } catch (error) {
      if (!this.isGone) this.groups.replaceChildren(el("p", { class: "err", role: "alert" }, error.message));
      this.show("text");
      return;
    }
    if (this.isGone) return;
    this.groups.removeAttribute("aria-busy");
    if (!this.readOnly) this.results.element.append(saveControl(this, () => this.value));
    this.draw();
    this.results.now();
  }

  question() {
    return { filter: this.value, parameters: this.parameters(), instant: this.instant };
  }

  draw() {
    if (!this.catalogue) return;
    this.slots.clear();
    const context = {
      root: this.tree,
      catalogue: this.catalogue,
      urls: this.urls,
      readOnly: this.readOnly,
      slots: this.slots,
      changed: () => this.changed(),
      redraw: (id, part) => this.redraw(id, part),
    };
    this.groups.replaceChildren(drawGroup(this.tree, context));
  }

  redraw(id, part) {
    this.draw();
    this.changed();
    this.focus(id, part);
  }

  /** The same control of the same node after a redraw, else the first one of it. */
  focus(id, part) {
    const line = this.slots.get(id)?.element;
    if (!line) return;
    const holder = part === "add" ? line.closest(".qg") : line.closest(".q-item") || line;
    const wanted = holder.querySelector(part === "add" ? `[data-of="${id}"]` : `[data-part="${part}"]`);
    (wanted || line.querySelector("input, select, button"))?.focus();
  }

  changed() {
    this.value = write(this.tree);
    this.results.later();
    this.onChange(this.value);
  }

  typed(value) {
    this.value = value;
    this.results.later();
    this.tree = parse(structuredClone(value));
    this.onChange(value);
  }

  show(mode) {
    const isText = mode === "text";
    if (isText) this.text.show(this.value);
    else {
      try {
        this.text.read();
      } catch (problem) {
        if (!this.text.element.hidden) return void this.text.say(problem.message);
      }
      this.tree = parse(structuredClone(this.value));
      this.draw();
      this.results.later();
    }
    this.groups.hidden = isText;
    this.text.element.hidden = !isText;
    for (const button of this.modes.children) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    if (isText) this.text.focus();
  }

  setValue(value) {
    if (JSON.stringify(value ?? null) === JSON.stringify(this.value)) return;
    this.value = value ?? null;
    this.tree = parse(structuredClone(this.value));
    this.text.show(this.value);
    this.draw();
    if (this.catalogue) this.results.now();
  }

  /** Errors of the caller: a list of texts, or by place. */
  setErrors(errors) {
    this.results.clear();
    const fields = Array.isArray(errors) ? (errors.length ? { filter: errors } : {}) : errors || {};
    this.results.showErrors(fields, "");
  }

  destroy() {
    this.isGone = true;
    this.results.destroy();
    this.element.replaceChildren();
  }
}
