// The bar above the drawing: state, commands, history, save.

import { badge, button, h, icon } from "./dom.js";

const COMMANDS = () => [
  ["start", "play", gettext("Start")],
  ["pause", "pause", gettext("Pause")],
  ["resume", "play", gettext("Resume")],
  ["stop", "square", gettext("Stop…")],
  ["run_now", "zap", gettext("Run now")],
  ["rehearse", "flask-conical", gettext("Rehearse")],
];
// One group: what the workflow is told as a whole.
const TOGETHER = new Set(["start", "pause", "resume", "stop"]);
// They ask before they act.
const ASKING = new Set(["run_now", "stop"]);

export class Toolbar {
  /** @param {HTMLElement} element @param {{store, live, data, commands, editing}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    this.state = document.querySelector(".wf-head .badge") ?? h("span");
    this.run = h("span", { class: "canvas-run mut" });
    this.actions = h("div", { class: "canvas-actions", role: "group", "aria-label": gettext("Commands") });
    this.why = h("p", { class: "canvas-why", role: "status", hidden: true });
    this.#makeHistory();
    const history = h("div", { class: "canvas-history" }, this.undo, this.redo);
    this.add = button({ icon: "plus", label: gettext("Activities"), class: "button canvas-add", "aria-expanded": "false" }, () => this.#palette());
    this.more = this.#more();
    element.replaceChildren(this.add, this.run, h("span", { class: "grow" }), this.actions, history, this.more, this.save, this.why);
    this.editing.addEventListener("change", () => this.#follow());
    this.store.addEventListener("change", () => this.#showHistory());
    this.live.addEventListener("change", () => this.#showState());
    this.#showHistory();
  }

  #makeHistory() {
    const { store, commands } = this;
    this.undo = button({ icon: "undo-2", title: gettext("Undo") }, () => store.undo());
    this.redo = button({ icon: "redo-2", title: gettext("Redo") }, () => store.redo());
    this.save = button({ label: gettext("Save"), class: "button primary" }, () => commands.save());
    for (const each of [this.undo, this.redo, this.save]) each.hidden = !this.editing.mayChange;
  }

  #follow() {
    for (const each of [this.undo, this.redo, this.save]) each.hidden = !this.editing.mayChange;
    const more = this.#more();
    this.more.replaceWith(more);
    this.more = more;
  }

  /** Where the palette has no room beside the drawing, it comes over it. */
  #palette() {
    const isOpen = this.element.closest(".wf").classList.toggle("palette-open");
    this.add.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) document.querySelector("#canvas-palette input")?.focus();
  }

  #more() {
    const { commands, editing } = this;
    const entries = [
      ["layout-template", gettext("Tidy up"), commands.layOut, editing.mayChange],
      ["history", gettext("Versions…"), commands.showVersions, true],
      ["download", gettext("Export (YAML)"), commands.exportFile, this.data.may.export],
      ["upload", gettext("Import…"), commands.importFile, editing.mayChange],
      ["keyboard", gettext("Keys"), commands.showKeys, true],
    ];
    const menu = h("details", { class: "menu canvas-more" });
    const items = entries
      .filter(([, , , shown]) => shown)
      .map(([name, label, run]) => h("li", {}, button({ icon: name, label, class: "" }, () => ((menu.open = false), run()))));
    const summary = h("summary", { class: "button", "aria-label": gettext("More actions") }, icon("ellipsis"));
    menu.append(summary, h("ul", {}, ...items));
    return menu;
  }

  #showHistory() {
    this.undo.disabled = !this.store.canUndo;
    this.redo.disabled = !this.store.canRedo;
    this.save.disabled = !this.store.isDirty;
  }

  #showState() {
    const { workflow, actions, run } = this.live.state;
    const shown = badge({ ...workflow, label: workflow.state_label });
    this.state.replaceWith(shown);
    this.state = shown;
    this.run.textContent = run ? `${run.label} · ${run.state_label}` : "";
    const digest = JSON.stringify(actions);
    if (digest === this.digest) return;
    this.digest = digest;
    const isPaused = actions.resume?.enabled ?? false;
    const isShown = ([name]) => actions[name] && this.data.urls.actions?.[name] && name !== (isPaused ? "start" : "resume");
    const made = (commands) => commands.filter(isShown).map((command) => this.#action(command, actions[command[0]]));
    const together = made(COMMANDS().filter(([name]) => TOGETHER.has(name)));
    const alone = made(COMMANDS().filter(([name]) => !TOGETHER.has(name)));
    this.actions.replaceChildren(h("div", { class: "canvas-group" }, ...together), ...alone);
  }

  #action([name, glyph, label], { enabled, why }) {
    const refused = enabled ? {} : { "aria-disabled": "true", title: why };
    const look = { icon: glyph, label, class: `button ${name === "stop" ? "destructive" : ""}`, "data-action": name };
    return button({ ...look, ...refused }, () => (enabled ? this.#act(name) : this.#explain(why)));
  }

  #explain(why) {
    this.why.textContent = why;
    this.why.hidden = !why;
  }

  #act(name) {
    this.#explain("");
    const url = this.data.urls.actions[name];
    if (name === "rehearse") this.commands.rehearse();
    else if (ASKING.has(name)) this.commands.askAndAct(name, url);
    else this.commands.act(name, url);
  }
}
