// The types of activities, by category, with a search: dragged on the drawing, or added with Enter or a click.

import { h, icon } from "./dom.js";
import { found } from "./dialogs.js";

const KIND = "application/x-diffusion-activity";

export class Palette {
  /** @param {HTMLElement} element @param {{types: object[], categories, drawing, editing, open}} parts */
  constructor(element, parts) {
    Object.assign(this, parts);
    this.search = h("input", {
      type: "search",
      class: "pal-find",
      placeholder: gettext("Find an activity"),
      "aria-label": gettext("Find an activity"),
      "aria-keyshortcuts": "/",
    });
    this.list = h("div", { class: "pal-list" });
    element.append(this.search, this.list);
    this.search.addEventListener("input", () => this.#show());
    this.editing.addEventListener("change", () => this.#show());
    element.addEventListener("keydown", (event) => this.#walk(event));
    this.#acceptDrops();
    this.#show();
  }

  #show() {
    const options = this.types.map((type) => ({ type, label: type.label, hint: `${type.description ?? ""} ${type.code}` }));
    const shown = new Set(found(options, this.search.value).map((option) => option.type));
    const groups = this.categories.map(([code, label]) => {
      const types = this.types.filter((type) => type.category === code && shown.has(type));
      return types.length ? [h("h3", {}, label), h("ul", {}, ...types.map((type) => this.#row(type)))] : [];
    });
    const none = shown.size ? [] : [h("p", { class: "mut" }, gettext("No activity of this name."))];
    this.list.replaceChildren(...groups.flat(), ...none);
  }

  #row(type) {
    const isOpen = type.allowed && this.editing.mayChange;
    const entry = h(
      "button",
      {
        type: "button",
        class: "pal-type",
        "data-type": type.code,
        draggable: isOpen ? "true" : "false",
        title: type.allowed ? type.description : type.why_not,
        "aria-disabled": isOpen ? null : "true",
        on: { click: () => isOpen && this.#add(type.code), dragstart: (event) => this.#drag(event, type.code) },
      },
      h("span", { class: `tint fl-${type.family} ic-${type.family}` }, icon(type.icon || "square")),
      h("span", {}, type.label),
      type.allowed ? null : icon("lock"),
    );
    return h("li", {}, entry);
  }

  #add(code) {
    const name = this.editing.addAfter(code);
    if (name) this.open(name);
  }

  #drag(event, code) {
    event.dataTransfer.setData(KIND, code);
    event.dataTransfer.setData("text/plain", code);
    event.dataTransfer.effectAllowed = "copy";
  }

  #acceptDrops() {
    const { element } = this.drawing;
    element.addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes(KIND)) event.preventDefault();
    });
    element.addEventListener("drop", (event) => {
      const code = event.dataTransfer.getData(KIND);
      if (!code) return;
      event.preventDefault();
      const { x, y } = this.drawing.toDrawing(event.clientX, event.clientY);
      const name = this.editing.addAt(code, { x: x - 78, y: y - 43 });
      if (name) this.open(name);
    });
  }

  #walk(event) {
    const rows = [...this.list.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement);
    if (event.key === "ArrowDown") rows[Math.min(at + 1, rows.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (rows[at - 1] ?? this.search).focus();
    else if (event.key === "Enter" && document.activeElement === this.search) rows[0]?.click();
    else return;
    event.preventDefault();
  }
}
