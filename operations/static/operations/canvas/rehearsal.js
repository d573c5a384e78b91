// The panel of rehearsals: the coming runs of the saved drawing; one that is chosen is shown on it in place of a real run.

import { numbered } from "./api.js";
import { badge, button, count, h, icon, moment, note, people } from "./dom.js";

const PAUSE = 2000;
const WEEKS = 4;
const MAXIMUM_WEEKS = 53;

export class Rehearsal {
  #timer;
  #rehearsal;
  #refusal = "";

  /** @param {HTMLElement} element @param {{api, live, store, drawing, mayRun: boolean, banner: HTMLElement}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    element.classList.add("rehearsal-panel");
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", gettext("Rehearsal"));
    this.frame = document.getElementById("canvas");
    this.unsaved = h("div");
    this.result = h("div", { "aria-live": "polite" });
    const banner = note("", gettext("Rehearsal: nothing is sent"));
    element.append(this.#head(), h("div", { class: "part" }, banner, this.unsaved, this.mayRun ? this.#form() : null), this.result);
    this.store.addEventListener("change", () => this.#showUnsaved());
    this.#showUnsaved();
    const wanted = new URLSearchParams(window.location.search).get("rehearsal");
    if (/^\d+$/.test(wanted ?? "")) this.open(Number(wanted));
  }

  /** Of this number; without one, the latest. */
  async open(number = 0) {
    this.#open(true);
    (this.weeks ?? this.element.querySelector("button")).focus();
    await this.#load(number);
  }

  /** Back to the real run, then away; answers whether there was anything to close. */
  close() {
    if (this.live.rehearsed) {
      this.#choose(null);
      return true;
    }
    const wasOpen = !this.element.hidden;
    this.#open(false);
    clearTimeout(this.#timer);
    if (wasOpen) document.querySelector('[data-action="rehearse"]')?.focus();
    return wasOpen;
  }

  /** The drawing keeps the room beside it. */
  #open(isOpen) {
    if (this.element.hidden !== isOpen) return;
    this.element.hidden = !isOpen;
    this.frame?.classList.toggle("rehearsal-open", isOpen);
    requestAnimationFrame(() => this.drawing.fit());
  }

  #head() {
    const away = () => {
      this.#choose(null);
      this.close();
    };
    const close = button({ icon: "x", title: gettext("Close the rehearsal"), class: "button small ghost" }, away);
    return h("header", { class: "panel-head" }, h("h2", { class: "grow" }, gettext("Rehearsal")), close);
  }

  #form() {
    const range = { type: "number", min: 1, max: MAXIMUM_WEEKS, value: String(WEEKS), required: true };
    this.weeks = h("input", { id: "rehearsal-weeks", class: "input", ...range });
    const label = h("label", { for: "rehearsal-weeks", class: "grow" }, gettext("Weeks to rehearse"));
    const submit = h("button", { type: "submit", class: "button primary" }, icon("flask-conical"), h("span", {}, gettext("Rehearse")));
    const ask = (event) => {
      event.preventDefault();
      this.#ask();
    };
    return h("form", { class: "ask", on: { submit: ask } }, label, this.weeks, submit);
  }

  #showUnsaved() {
    const text = gettext("The saved version is rehearsed, without them.");
    this.unsaved.replaceChildren(...(this.store.isDirty ? [note("warn", gettext("The drawing has unsaved changes"), text)] : []));
  }

  async #ask() {
    this.#choose(null);
    try {
      const asked = await this.api.post(this.api.urls.rehearse, { weeks: Number(this.weeks.value) });
      this.#refusal = "";
      await this.#load(asked.id);
    } catch (error) {
      this.#refusal = error.message;
      this.#show();
    }
  }

  async #load(number) {
    clearTimeout(this.#timer);
    try {
      const { rehearsal } = await this.api.get(numbered(this.api.urls.rehearsed, number));
      if (JSON.stringify(rehearsal) !== JSON.stringify(this.#rehearsal)) {
        this.#rehearsal = rehearsal;
        this.#show();
      }
    } catch (error) {
      if (!this.#rehearsal?.is_moving) this.#refusal = error.message;
      this.#show();
    }
    const isMoving = this.#rehearsal?.is_moving && !this.element.hidden;
    if (isMoving) this.#timer = setTimeout(() => this.#load(this.#rehearsal.id), PAUSE);
  }

  #show() {
    const refusal = this.#refusal ? [h("div", { class: "part" }, note("bad", gettext("It can't be rehearsed"), this.#refusal))] : [];
    const found = this.#rehearsal;
    if (found) return this.result.replaceChildren(...refusal, this.#facts(found), ...this.#runs(found));
    const nothing = h("p", { class: "part mut" }, gettext("No rehearsal yet."));
    return this.result.replaceChildren(...(refusal.length ? refusal : [nothing]));
  }

  #facts(found) {
    const values = { number: found.version };
    const version = interpolate(gettext("Version %(number)s"), values, true);
    const facts = [version, found.asked, moment(found.asked_at)].filter(Boolean).join(" · ");
    const older = found.is_current ? null : note("", gettext("The drawing has been saved since: this is not its newest version."));
    return h("div", { class: "part" }, h("p", {}, badge({ ...found, label: found.state_label }), " ", h("span", { class: "mut" }, facts)), older, ...said(found));
  }

  #runs(found) {
    if (found.state !== "done") return [];
    if (!found.runs.length) return [h("p", { class: "part mut" }, gettext("No run falls into this period."))];
    const heads = [gettext("Run"), gettext("People"), gettext("To deliver")];
    const head = h("tr", {}, ...heads.map((text, place) => h("th", { scope: "col", class: place ? "num" : null }, text)));
    const rows = found.runs.map((run) => this.#row(run));
    const page = h("p", { class: "part" }, h("a", { class: "button small", href: found.page }, icon("external-link"), gettext("Full page")));
    return [h("table", { class: "tb dense" }, h("thead", {}, head), h("tbody", {}, ...rows)), page];
  }

  #row(run) {
    const choose = h("button", { type: "button", class: "link", "aria-pressed": "false", on: { click: () => this.#choose(run, row) } }, run.label);
    const row = h(
      "tr",
      {},
      h("td", {}, choose, h("div", {}, badge({ ...run, label: run.state_label })), ...details(run)),
      h("td", { class: "num" }, count(run.people)),
      h("td", { class: "num" }, count(run.to_deliver)),
    );
    return row;
  }

  /** On the drawing; null returns to the real run. */
  #choose(run, row = null) {
    for (const other of this.result.querySelectorAll("tr.on")) {
      other.classList.remove("on");
      other.querySelector("[aria-pressed]")?.setAttribute("aria-pressed", "false");
    }
    row?.classList.add("on");
    row?.querySelector("[aria-pressed]").setAttribute("aria-pressed", "true");
    this.frame?.classList.toggle("rehearsing", Boolean(run));
    const back = button({ icon: "rotate-ccw", label: gettext("Back to the real run"), class: "button small" }, () => this.#choose(null));
    const title = run ? `${gettext("Rehearsal: nothing is sent")} · ${run.label}` : "";
    this.banner.replaceChildren(...(run ? [note("", title, run.why, back)] : []));
    this.live.rehearse(run);
    if (run && window.matchMedia("(max-width: 760px)").matches) document.getElementById("canvas-list")?.scrollIntoView();
  }
}

/** What is to be said of the whole rehearsal before its runs. */
function said(found) {
  const notes = [];
  if (found.is_moving && found.planned) {
    const values = { done: count(found.done), planned: count(found.planned) };
    notes.push(h("p", {}, interpolate(gettext("%(done)s of %(planned)s runs are rehearsed."), values, true)));
  } else if (found.is_moving) {
    notes.push(h("p", {}, gettext("At work. The result is shown when it is there.")));
  }
  if (found.is_moving && !found.engine.alive) {
    const text = gettext("Nothing moves until a worker runs. Start it with this command:");
    notes.push(note("warn", gettext("The engine is not running"), text, h("code", { class: "copy" }, found.engine.command)));
  }
  if (found.error) notes.push(note("bad", gettext("The rehearsal failed"), found.error));
  if (found.suspended) notes.push(note("bad", gettext("A run would fail, and the workflow would be suspended there.")));
  if (found.truncated) notes.push(note("warn", gettext("The period has more runs: these are the first ones.")));
  return notes;
}

function details(run) {
  const several = run.deliveries.length > 1;
  const lines = [run.note, run.why, ...run.deliveries.flatMap((each) => delivery(each, several))];
  const over = run.passed_over.map((label) => interpolate(gettext("passed over: %(label)s"), { label }, true));
  return [...lines, ...over].filter(Boolean).map((text) => h("p", { class: "detail" }, text));
}

function delivery({ label, to_deliver: number, reasons, already, warnings }, named) {
  const title = named ? interpolate(gettext("%(label)s: %(people)s"), { label, people: people(number) }, true) : "";
  const dropped = reasons ? interpolate(gettext("dropped: %(reasons)s"), { reasons }, true) : "";
  const before = already ? interpolate(gettext("already in the delivery: %(count)s"), { count: count(already) }, true) : "";
  return [title, dropped, before, ...warnings];
}
