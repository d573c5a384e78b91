// The panel of the selected activity: criteria, settings, advanced, result. Not modal; Escape goes back to the drawing.

import { byName } from "./document.js";
import { badge, button, count, debounce, h, icon, note, people } from "./dom.js";
import { editorOf } from "./fields/index.js";
import { json } from "./fields/json.js";
import { labelled } from "./fields/labelled.js";
import { showPeople } from "./people.js";

export class Panel {
  #name = null;
  #tab = "settings";
  #editors = [];

  /** @param {HTMLElement} element @param {{store, selection, editing, facts, live, types, context, api, restart, showLog}} parts */
  constructor(element, { faults, ...parts }) {
    Object.assign(this, { element, faultList: faults, ...parts });
    this.selection.addEventListener("change", () => this.#follow());
    this.store.addEventListener("change", ({ detail }) => this.#refresh(detail.reason));
    this.facts.addEventListener("change", ({ detail }) => detail.name === this.#name && this.#showFacts());
    this.faultList.addEventListener("change", () => this.#showFacts());
    this.live.addEventListener("change", () => this.#showLive());
    this.editing.addEventListener("change", () => this.#name && this.#show(this.#name));
    this.#follow();
  }

  get isOpen() {
    return !this.element.hidden;
  }

  open(name, { focus = false } = {}) {
    this.selection.set([name]);
    this.#show(name);
    if (focus) this.element.querySelector(".panel-label")?.focus();
  }

  close() {
    this.#destroy();
    this.#name = null;
    this.element.replaceChildren();
    this.element.hidden = true;
    document.body.classList.remove("panel-open");
  }

  #follow() {
    const name = this.selection.single;
    if (!name) this.close();
    else if (name !== this.#name) this.#show(name);
  }

  #refresh(reason) {
    const activity = this.#name && byName(this.store.document, this.#name);
    if (this.#name && !activity) return this.close();
    if (!activity || reason === "saved") return undefined;
    if (document.activeElement !== this.label) this.label.value = activity.label;
    const type = this.types[activity.type];
    if (type?.fields.some((field) => field.editor === "source")) this.#redrawSources();
    for (const { field, editor } of this.#editors) {
      editor.setValue(valueOf(activity, field));
      editor.setContext?.(activity.config);
    }
    return this.text?.setValue(activity.config);
  }

  #redrawSources() {
    const digest = JSON.stringify(this.store.document.transitions.filter((arrow) => arrow.target === this.#name));
    if (this.sources !== undefined && this.sources !== digest) this.#fillBody();
    this.sources = digest;
  }

  #show(name) {
    const activity = byName(this.store.document, name);
    if (!activity) return;
    this.#destroy();
    this.#name = name;
    this.sources = undefined;
    this.#tab = this.#tabToShow(activity);
    this.body = h("div", { class: "panel-body", role: "tabpanel", tabindex: -1 });
    this.foot = h("footer", { class: "panel-foot" });
    this.element.hidden = false;
    document.body.classList.add("panel-open");
    this.element.replaceChildren(this.#head(activity), this.#tabs(), this.body, this.foot);
    this.#fillBody();
    this.#showLive();
  }

  #head(activity) {
    const type = this.types[activity.type] ?? { label: activity.type, icon: "puzzle", family: "flow" };
    const readOnly = !this.editing.mayChange;
    this.label = h("input", {
      class: "panel-label",
      value: activity.label,
      maxlength: 200,
      disabled: readOnly,
      "aria-label": gettext("Label in the drawing"),
    });
    this.label.addEventListener("input", () => this.editing.relabel(this.#name, this.label.value));
    this.state = h("span", { class: "panel-state" });
    return h(
      "header",
      { class: "panel-head" },
      h("span", { class: `tint large fl-${type.family} ic-${type.family}` }, icon(type.icon || "square")),
      h("div", { class: "grow" }, h("span", { class: "mut" }, type.label), this.label),
      this.state,
      button({ icon: "x", title: gettext("Close the panel"), class: "button small ghost" }, () => this.#leave()),
    );
  }

  #leave() {
    const name = this.#name;
    this.close();
    this.drawing.focus(name);
  }

  /** The tab that has a wrong field, else the one that is open, where this activity has it. */
  #tabToShow(activity) {
    const tabs = this.#tabsOf(activity).map(([code]) => code);
    const fields = this.types[activity.type]?.fields ?? [];
    const [wrong] = Object.keys(this.facts.of(activity.name)?.errors ?? {});
    if (wrong && this.#tab !== "result") return tabOf(fields.find((field) => field.name === wrong)) ?? "advanced";
    return tabs.includes(this.#tab) ? this.#tab : tabs[0];
  }

  #tabsOf(activity) {
    const fields = this.types[activity.type]?.fields ?? [];
    const used = new Set(fields.map(tabOf));
    return [
      ["criteria", gettext("Criteria"), used.has("criteria")],
      ["settings", gettext("Settings"), used.has("settings") || !fields.length],
      ["advanced", gettext("Advanced"), true],
      ["result", gettext("Result"), true],
    ].filter(([, , isShown]) => isShown);
  }

  #tabs() {
    const tabs = this.#tabsOf(byName(this.store.document, this.#name)).map(([code, label]) => this.#tabButton(code, label));
    return h("div", { class: "tabs", role: "tablist", "aria-label": gettext("Activity") }, ...tabs);
  }

  #tabButton(code, label) {
    const attributes = { type: "button", role: "tab", "data-tab": code, "aria-selected": String(code === this.#tab) };
    const tab = h("button", { ...attributes, on: { click: () => this.#choose(code) } }, label);
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const all = [...tab.parentElement.children];
      const next = all[(all.indexOf(tab) + step + all.length) % all.length];
      next.focus();
      next.click();
    });
    return tab;
  }

  #choose(code) {
    this.#tab = code;
    for (const tab of this.element.querySelectorAll("[data-tab]")) {
      tab.setAttribute("aria-selected", String(tab.dataset.tab === code));
    }
    this.#fillBody();
  }

  #fillBody() {
    this.#destroy();
    const fill = { criteria: () => this.#fillFields(), settings: () => this.#fillFields(), advanced: () => this.#fillAdvanced(), result: () => this.#fillResult() };
    this.body.replaceChildren();
    this.foot.replaceChildren();
    fill[this.#tab]();
    this.#showFacts();
  }

  #fillFields() {
    const activity = byName(this.store.document, this.#name);
    const type = this.types[activity.type];
    this.faults = h("div", { class: "stack" });
    this.remarks = h("div", { class: "stack" });
    this.#editors = (type?.fields ?? []).filter((field) => tabOf(field) === this.#tab).map((field) => this.#field(field, activity));
    const nothing = this.#editors.length ? null : h("p", { class: "mut" }, gettext("Nothing to set here."));
    this.body.append(this.faults, ...this.#editors.map((each) => each.wrapper), ...(nothing ? [nothing] : []), this.remarks);
  }

  #field(field, activity) {
    const { name } = activity;
    const onChange = (value) => {
      const { config } = byName(this.store.document, name);
      this.editing.configure(name, { ...config, [field.name]: value }, field.name);
    };
    const context = { ...this.context, name, document: this.store.document, facts: this.facts, config: activity.config };
    const readOnly = !this.editing.mayChange;
    const editor = editorOf(field, { value: valueOf(activity, field), onChange, readOnly, context });
    return { field, editor, ...labelled(field, editor) };
  }

  #fillAdvanced() {
    const activity = byName(this.store.document, this.#name);
    const why = this.editing.whyNamed(this.#name);
    const isFixed = Boolean(why) || !this.editing.mayChange;
    const control = h("input", { class: "input mono", value: activity.name, maxlength: 100, readonly: isFixed });
    const help = why ?? gettext("What the server, the API and other activities call it.");
    const { wrapper, setErrors } = labelled({ name: "name", label: gettext("Name"), help }, { element: control, control });
    control.addEventListener("change", () => {
      const refused = isFixed ? null : this.editing.rename(this.#name, control.value);
      setErrors(refused ? [refused] : []);
    });
    const onChange = (config) => this.editing.configure(this.#name, config ?? {}, "text");
    this.text = json({}, { value: activity.config, onChange, readOnly: !this.editing.mayChange });
    const text = labelled({ name: "config", label: gettext("Configuration as text (JSON)") }, this.text);
    this.faults = h("div", { class: "stack" });
    this.remarks = h("div", {});
    this.body.append(wrapper, this.faults, text.wrapper);
  }

  #fillResult() {
    this.faults = this.remarks = null;
    const task = this.live.task(this.#name);
    if (!task) {
      const text = this.live.state?.run ? gettext("This activity was not part of the run.") : gettext("No run is shown.");
      this.body.append(h("div", { class: "empty" }, icon("hourglass"), h("p", {}, text)));
      return;
    }
    if (task.error) this.body.append(note("bad", gettext("It failed"), task.error));
    this.body.append(this.#outcomes(task));
    this.foot.append(...this.#resultButtons(task));
  }

  #outcomes(task) {
    const { label } = this;
    const labels = Object.fromEntries(this.editing.outletsOf(this.#name).map((each) => [each.outlet, each.label]));
    const before = (this.live.rehearsed ? null : this.live.state.run)?.previous?.outlets?.[this.#name] ?? {};
    const lines = Object.entries(task.outlets ?? {}).map(([outlet, amount]) => {
      const population = task.populations?.[outlet];
      const open = () => showPeople({ api: this.api, population, title: `${label.value} · ${labels[outlet] ?? outlet}` });
      const shown = population ? button({ label: people(amount ?? 0), class: "button small" }, open) : count(amount);
      return h("tr", {}, h("td", {}, labels[outlet] ?? outlet), h("td", { class: "num" }, shown), h("td", { class: "num mut" }, count(before[outlet])));
    });
    const heads = [gettext("Outlet"), gettext("People"), gettext("Previous run")].map((text) => h("th", { scope: "col" }, text));
    const table = h("table", { class: "tb dense" }, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...lines));
    return h("div", { class: "stack" }, h("p", {}, task.text || task.label), lines.length ? table : null);
  }

  #resultButtons(task) {
    const log = button({ icon: "scroll-text", label: gettext("Log") }, () => this.showLog(this.#name));
    const look = task.url ? h("a", { class: "button", href: task.url }, icon("external-link"), gettext("Open")) : null;
    const again =
      task.may_restart && this.mayRun
        ? button({ icon: "rotate-cw", label: gettext("Restart from here") }, () => this.restart(this.#name))
        : null;
    return [log, look, again].filter(Boolean);
  }

  #showFacts() {
    const facts = this.facts.of(this.#name);
    this.#markTabs(facts?.errors ?? {});
    if (!facts || !this.faults) return;
    const placed = new Set();
    for (const { field, setErrors } of this.#editors) {
      setErrors(facts.errors?.[field.name] ?? []);
      placed.add(field.name);
    }
    const fields = this.types[byName(this.store.document, this.#name)?.type]?.fields ?? [];
    const known = new Set(fields.map((field) => field.name));
    const others = Object.entries(facts.errors ?? {}).filter(([name]) => !placed.has(name) && !known.has(name));
    const undrawn = Object.keys(facts.errors ?? {}).length ? [] : this.faultList.of(this.#name);
    this.faults.replaceChildren(
      ...others.map(([name, texts]) => note("bad", name, texts.join(" "))),
      ...undrawn.map((text) => note("warn", text)),
    );
    if (this.#tab !== "advanced") this.#showRemarks(facts);
  }

  /** Tabs with wrong fields carry their number. */
  #markTabs(errors) {
    const fields = this.types[byName(this.store.document, this.#name)?.type]?.fields ?? [];
    for (const tab of this.element.querySelectorAll("[data-tab]")) {
      const number = fields.filter((field) => tabOf(field) === tab.dataset.tab && errors[field.name]).length;
      tab.querySelector(".n")?.remove();
      if (number) tab.append(h("span", { class: "n bad", title: gettext("to be completed") }, String(number)));
    }
  }

  #showRemarks(facts) {
    const explanation = facts.explanation || this.types[byName(this.store.document, this.#name)?.type]?.explanation;
    const links = [
      facts.edit_url ? h("a", { class: "button", href: facts.edit_url }, icon("square-pen"), gettext("Edit the content")) : null,
      facts.preview_url ? h("a", { class: "button", href: facts.preview_url }, icon("eye"), gettext("Preview the next")) : null,
      ...(facts.pages ?? []).map((page) => h("a", { class: "button", href: page.url }, icon(page.icon), page.label)),
    ].filter(Boolean);
    this.remarks.replaceChildren(...(explanation ? [note("", gettext("How it works"), explanation)] : []));
    this.foot.replaceChildren(...links);
    if (facts.proof) this.#showProof(facts.proof);
  }

  /** A refused proof keeps its button, its lock and its reason. */
  #showProof(proof) {
    if (proof.allowed) {
      const address = { class: "button", href: proof.url, "data-dialog": true };
      if (proof.url) this.foot.prepend(h("a", address, icon("mail-check"), gettext("Send a proof")));
      return;
    }
    const why = h("p", { class: "why", id: "canvas-proof-why" }, proof.why_not);
    const refused = { icon: "lock", label: gettext("Send a proof"), "aria-disabled": "true", "aria-describedby": why.id };
    this.remarks.append(h("div", { class: "refused" }, button(refused, () => {}), why));
  }

  #showLive = debounce(0, () => {
    if (!this.#name) return;
    const task = this.live.task(this.#name);
    this.state.replaceChildren(...(task ? [badge(task)] : []));
    if (this.#tab === "result" && !this.body.contains(document.activeElement)) this.#fillBody();
  });

  #destroy() {
    for (const { editor } of this.#editors) editor.destroy?.();
    this.#editors = [];
    this.text = null;
  }
}

/** Filters have a tab of their own: they need the room. */
function tabOf(field) {
  return field && (field.editor === "filter" ? "criteria" : "settings");
}

/** What the configuration says, else what the form begins with. */
function valueOf(activity, field) {
  return activity.config[field.name] === undefined ? field.initial : activity.config[field.name];
}
