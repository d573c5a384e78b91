// The drawer with the saved versions: what changed since, marked on the drawing, and the way back.

import { button, h, moment } from "./dom.js";
import { differenceList, differences, marksOf } from "./differences.js";
import { toast } from "../../campaign_site/js/toast.js";

const SHOWN = 50;

export class Versions {
  /** @param {HTMLElement} element @param {{api, store, editing, drawing, types, marks: {set: (marks) => void}}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
  }

  async open() {
    try {
      const { versions } = await this.api.versions();
      const list = h("ol", { class: "versions" }, ...versions.map((each) => this.#line(each)));
      const more = button({ label: gettext("Show more"), class: "button small" }, () => this.#more(list, more));
      more.hidden = versions.length < SHOWN;
      this.show(gettext("Versions"), list, more);
    } catch (error) {
      toast(error.message, { tone: "error" });
    }
  }

  /** Something to compare, in the drawer. */
  show(title, ...content) {
    this.element.replaceChildren(this.#head(title), ...content);
    this.element.hidden = false;
    this.element.querySelector("button")?.focus();
  }

  mark(marks) {
    this.marks.set(marks);
  }

  /** Bring an activity of the list into view. */
  see = (name) => {
    this.drawing.reveal(name);
    this.drawing.focus(name);
  };

  async #more(list, button) {
    const { versions } = await this.api.versions(list.lastElementChild.dataset.number);
    list.append(...versions.map((each) => this.#line(each)));
    button.hidden = versions.length < SHOWN;
  }

  /** Answers whether it was open. */
  close() {
    const wasOpen = !this.element.hidden;
    this.element.hidden = true;
    if (wasOpen) this.marks.set({ nodes: {}, links: {} });
    return wasOpen;
  }

  #head(title) {
    const close = button({ icon: "x", title: gettext("Close the versions"), class: "button small ghost" }, () => this.close());
    return h("header", { class: "panel-head" }, h("h2", { class: "grow" }, title), close);
  }

  #line(version) {
    const detail = h("div", { class: "version-detail" });
    const title = interpolate(gettext("Version %(number)s"), { number: version.number }, true);
    const look = h("button", { type: "button", class: "link", on: { click: () => this.#show(version, detail) } }, title);
    const facts = [version.by, moment(version.at), version.is_current ? gettext("current") : ""].filter(Boolean).join(" · ");
    return h("li", { "data-number": version.number }, look, h("p", { class: "mut" }, facts), h("p", {}, version.summary), detail);
  }

  async #show(version, detail) {
    try {
      const { definition } = await this.api.version(version.number);
      const diff = differences(definition, this.store.document, this.types);
      const isRestorable = this.editing.mayChange && !version.is_current;
      const restore = button({ icon: "rotate-ccw", label: gettext("Restore"), class: "button small" }, () => this.#restore(version, definition));
      for (const each of this.element.querySelectorAll(".version-detail")) each.replaceChildren();
      detail.append(h("p", { class: "mut" }, gettext("What has changed since:")), differenceList(diff, gettext("The same as the current one."), this.see), ...(isRestorable ? [restore] : []));
      this.marks.set(marksOf(diff));
    } catch (error) {
      toast(error.message, { tone: "error" });
    }
  }

  /** On the canvas, unsaved: what is saved stays until Save. */
  #restore(version, { activities, transitions }) {
    this.store.change({ activities, transitions });
    this.close();
    const text = gettext("Version %(number)s is on the canvas: Save keeps it as a new version.");
    toast(interpolate(text, { number: version.number }, true), {
      action: { label: gettext("Undo"), run: () => this.store.undo() },
    });
  }
}
