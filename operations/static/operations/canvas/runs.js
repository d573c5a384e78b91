// Which run the drawing shows, and how it differs from the one before.

import { count, h, icon } from "./dom.js";

export class Runs {
  /** @param {HTMLElement} element @param {{live}} parts */
  constructor(element, { live }) {
    Object.assign(this, { element, live });
    this.select = h("select", { class: "select", "aria-label": gettext("Run shown") });
    this.select.addEventListener("change", () => live.show(this.select.value));
    this.difference = h("span", { class: "chip", hidden: true });
    this.link = h("a", { class: "button small", hidden: true }, gettext("Open the run"));
    element.replaceChildren(this.select, this.difference, this.link);
    live.addEventListener("change", () => this.#show());
  }

  #show() {
    const { runs, run } = this.live.state;
    this.element.hidden = !runs.length;
    this.#fill(runs, run);
    this.link.hidden = !run?.url;
    if (run?.url) this.link.setAttribute("href", run.url);
    const change = run?.previous?.difference;
    this.difference.hidden = change === null || change === undefined;
    if (this.difference.hidden) return;
    const signed = change > 0 ? `+${count(change)}` : count(change).replace("-", "−");
    const text = interpolate(gettext("Compared with the run before: %(change)s"), { change: signed }, true);
    this.difference.replaceChildren(icon("history"), text);
  }

  #fill(runs, shown) {
    const digest = JSON.stringify([runs.map(({ id, state_label: label }) => [id, label]), shown?.id, this.live.run]);
    if (digest === this.digest) return;
    this.digest = digest;
    const all = shown && !runs.some((run) => run.id === shown.id) ? [...runs, shown] : runs;
    const lines = all.map((run) => h("option", { value: String(run.id) }, `${run.label} · ${run.state_label}`));
    const latest = h("option", { value: "" }, gettext("Latest run"));
    this.select.replaceChildren(latest, ...lines, h("option", { value: "none" }, gettext("No run: the drawing alone")));
    this.select.value = this.live.run;
  }
}
