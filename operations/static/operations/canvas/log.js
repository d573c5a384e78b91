// The drawer with the log of the run or of one activity, its tasks and its errors.

import { badge, button, h, icon, moment } from "./dom.js";

const ICONS = { error: "octagon-x", warning: "triangle-alert", info: "info" };
const KEPT = "diffusion.canvas.log";

export class Log {
  #tab = "log";
  #name = "";
  #lines = [];

  /** @param {HTMLElement} element @param {{api, live, selection, labels: (name) => string, open: (name) => void}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    this.tabs = h("div", { class: "tabs", role: "tablist" });
    this.filter = h("span", { class: "chip", hidden: true });
    this.fold = button({ icon: "chevron-down", title: gettext("Close the log"), class: "button small ghost" }, () => this.toggle());
    this.body = h("div", { class: "log-body" });
    element.replaceChildren(h("header", {}, this.tabs, h("span", { class: "grow" }), this.filter, this.fold), this.body);
    this.#setOpen(localStorage.getItem(KEPT) === "open");
    this.live.addEventListener("change", () => this.#refresh());
    this.selection.addEventListener("change", () => this.#follow());
  }

  get isOpen() {
    return this.element.classList.contains("open");
  }

  toggle() {
    this.#setOpen(!this.isOpen);
    if (this.isOpen) this.#load();
  }

  /** Answers whether it was open. */
  close() {
    const wasOpen = this.isOpen && this.element.contains(document.activeElement);
    if (wasOpen) this.#setOpen(false);
    return wasOpen;
  }

  /** The lines of one activity. */
  show(name) {
    this.#name = name;
    this.#tab = "log";
    this.#setOpen(true);
    this.#load();
  }

  /** Open, it shows the lines of what is selected. */
  #follow() {
    const name = this.selection.single ?? "";
    if (!this.isOpen || this.#tab !== "log" || name === this.#name) return;
    this.#name = name;
    this.#load();
  }

  #setOpen(isOpen) {
    this.element.classList.toggle("open", isOpen);
    this.fold.setAttribute("aria-expanded", String(isOpen));
    localStorage.setItem(KEPT, isOpen ? "open" : "closed");
  }

  #refresh() {
    const { run } = this.live.state;
    this.element.hidden = !run;
    const digest = JSON.stringify([run?.id, run?.state, run?.tasks]);
    if (!run || digest === this.digest) return;
    this.digest = digest;
    this.#drawTabs();
    if (this.isOpen) this.#load();
  }

  async #load() {
    const { run } = this.live.state ?? {};
    if (!run) return;
    try {
      this.#lines = (await this.api.log(run.id, this.#name)).lines;
    } catch {
      return;
    }
    this.#draw();
  }

  #drawTabs() {
    const tasks = Object.values(this.live.tasks ?? {});
    const failed = tasks.filter((task) => task.error).length;
    const tabs = [
      ["log", gettext("Log"), null],
      ["tasks", gettext("Tasks"), tasks.length],
      ["errors", gettext("Errors"), failed],
    ];
    this.tabs.replaceChildren(...tabs.map(([code, label, number]) => this.#tabButton(code, label, number)));
  }

  #tabButton(code, label, number) {
    const choose = () => {
      this.#tab = code;
      this.#setOpen(true);
      this.#draw();
      this.#load();
    };
    const attributes = { type: "button", role: "tab", "aria-selected": String(this.#tab === code), on: { click: choose } };
    return h("button", attributes, label, number === null ? null : h("span", { class: "n" }, String(number)));
  }

  #draw() {
    this.#drawTabs();
    this.filter.hidden = !this.#name;
    if (this.#name) {
      const all = button({ icon: "x", title: gettext("All activities"), class: "chip-x" }, () => this.show(""));
      this.filter.replaceChildren(this.labels(this.#name), all);
    }
    this.body.replaceChildren(this.#tab === "tasks" ? this.#tasks(() => true) : this.#tab === "errors" ? this.#tasks((task) => task.error) : this.#log());
  }

  #log() {
    if (!this.#lines.length) return h("p", { class: "mut" }, gettext("Nothing written yet."));
    const rows = this.#lines.map((line) =>
      h(
        "tr",
        { class: line.level === "error" ? "e" : "" },
        h("td", {}, h("time", { datetime: line.at }, moment(line.at, "medium"))),
        h("td", { class: `ic-${line.level}` }, icon(ICONS[line.level] ?? "info")),
        h("td", {}, line.activity_label || this.labels(line.activity)),
        h("td", {}, line.text),
      ),
    );
    return h("table", { class: "log" }, h("tbody", {}, ...rows));
  }

  #tasks(wanted) {
    const tasks = Object.entries(this.live.tasks ?? {}).filter(([, task]) => wanted(task));
    if (!tasks.length) return h("p", { class: "mut" }, gettext("None."));
    const rows = tasks.map(([name, task]) => {
      const see = h("button", { type: "button", class: "link", on: { click: () => this.open(name) } }, this.labels(name));
      return h("tr", {}, h("td", {}, badge(task)), h("td", {}, see), h("td", {}, task.error || task.text));
    });
    return h("table", { class: "log" }, h("tbody", {}, ...rows));
  }
}
