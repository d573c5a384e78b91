// A list of objects, each edited by the editors of the columns. An error that names a row goes to that row.

import { button, h } from "../dom.js";
import { editorOf } from "./index.js";
import { labelled } from "./labelled.js";

export function rows(field, options) {
  const table = new Rows(field, options);
  table.setValue(options.value);
  return {
    element: table.element,
    setValue: (next) => table.setValue(next),
    setErrors: (texts) => table.setErrors(texts),
    destroy: () => table.destroy(),
  };
}

class Rows {
  #values = [];
  #shown = [];

  constructor(field, options) {
    this.field = field;
    this.options = options;
    this.list = h("ol", { class: "rows" });
    const add = button({ icon: "plus", label: gettext("Add a row"), class: "button small" }, () => {
      this.#change([...this.#values, freshRow(field.columns)]);
      this.list.lastElementChild?.querySelector("input, select, textarea")?.focus();
    });
    this.element = h("div", { class: "stack" }, this.list, options.readOnly ? null : add);
  }

  setValue(next) {
    const values = Array.isArray(next) ? next : [];
    const isSameShape = values.length === this.#shown.length;
    this.#values = values;
    if (!isSameShape) this.#draw();
    else this.#shown.forEach((row, index) => row.setValue(values[index] ?? {}));
  }

  /** Answers the texts that name no row. */
  setErrors(texts) {
    for (const row of this.#shown) row.setErrors([]);
    return texts.filter((text) => {
      const row = this.#shown[this.#rowIn(text)];
      row?.setErrors([...row.errors, text]);
      return !row;
    });
  }

  /** The row that a text speaks of: by its number, or by the name of the row in quotes. */
  #rowIn(text) {
    const number = /(?:^|\s|\[)(\d+)(?:[\]:.]|\s*:)/.exec(text)?.[1];
    const byNameOf = this.#values.findIndex((row) => row?.name && text.includes(`“${row.name}”`));
    if (byNameOf >= 0) return byNameOf;
    return number === undefined ? this.#lacking() : Number(number) - 1;
  }

  /** Where a text names no row: the first one that lacks what is needed. */
  #lacking() {
    const needed = this.field.columns.filter((column) => column.required).map((column) => column.name);
    return this.#values.findIndex((row) => needed.some((name) => [undefined, null, ""].includes(row?.[name])));
  }

  destroy() {
    for (const row of this.#shown) row.destroy();
  }

  #change(values, isTyped = false) {
    this.#values = values;
    if (!isTyped) this.#draw();
    this.options.onChange(values);
  }

  #draw() {
    this.destroy();
    this.#shown = this.#values.map((value, index) => this.#row(value ?? {}, index));
    this.list.replaceChildren(...this.#shown.map((row) => row.element));
  }

  #row(value, index) {
    const editors = this.field.columns.map((column) => {
      const onChange = (next) => this.#change(this.#values.with(index, withKey(this.#values[index], column, next)), true);
      const editor = editorOf(column, { ...this.options, value: value[column.name], onChange });
      return { column, editor, ...labelled(column, editor) };
    });
    const problems = h("div", { class: "errors" });
    const element = h("li", {}, this.#tools(index), ...editors.map((each) => each.wrapper), problems);
    const row = { element, errors: [] };
    row.setValue = (next) => editors.forEach(({ column, editor }) => editor.setValue(next[column.name]));
    row.setErrors = (texts) => {
      row.errors = texts;
      element.classList.toggle("invalid", texts.length > 0);
      problems.replaceChildren(...texts.map((text) => h("p", { class: "error" }, text)));
    };
    row.destroy = () => editors.forEach(({ editor }) => editor.destroy?.());
    return row;
  }

  #tools(index) {
    if (this.options.readOnly) return null;
    const tool = (icon, title, next) => button({ icon, title, class: "button small ghost" }, () => this.#change(next()));
    const swapped = (one, other) => this.#values.with(one, this.#values[other]).with(other, this.#values[one]);
    return h(
      "div",
      { class: "row-tools" },
      index > 0 ? tool("chevron-up", gettext("Move up"), () => swapped(index, index - 1)) : null,
      index < this.#values.length - 1 ? tool("chevron-down", gettext("Move down"), () => swapped(index, index + 1)) : null,
      tool("x", gettext("Remove this row"), () => this.#values.toSpliced(index, 1)),
    );
  }
}

/** A key without a value is left out, unless it is needed. */
function withKey(row, column, value) {
  const { [column.name]: _before, ...others } = row ?? {};
  const isBlank = value === null || value === undefined || (value === "" && !column.required);
  return isBlank ? others : { ...others, [column.name]: value };
}

function freshRow(columns) {
  const required = columns.filter((column) => column.required && column.editor === "text");
  return Object.fromEntries(required.map((column) => [column.name, column.initial ?? ""]));
}
