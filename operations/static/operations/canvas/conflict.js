// Two people, one drawing: who else is editing, and what to do when somebody saved first. Nothing is overwritten
// without being asked for.

import { ask } from "./dialogs.js";
import { button, h, moment, note } from "./dom.js";
import { differences, differenceList, marksOf } from "./differences.js";
import { toast } from "../../campaign_site/js/toast.js";

const BEAT = 20000;

export class Conflict {
  /** @param {HTMLElement} element @param {{api, store, live, editing, types, versions, commands: () => object}} parts */
  constructor(element, parts) {
    Object.assign(this, { element, ...parts });
    this.live.addEventListener("change", () => this.#showOthers());
    if (!this.editing.isAllowed) return;
    this.#beat();
    setInterval(() => this.#beat(), BEAT);
    window.addEventListener("pagehide", () => this.#leave());
  }

  #beat() {
    if (!document.hidden) this.api.post(this.api.urls.editing, { active: true }).catch(() => {});
  }

  #leave() {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.api.csrf };
    const options = { method: "POST", keepalive: true, headers, body: JSON.stringify({ active: false }) };
    fetch(this.api.urls.editing, options).catch(() => {});
  }

  #showOthers() {
    const { editing, saved } = this.live.state;
    const others = (editing ?? []).map((each) => each.user);
    const holder = this.editing.isAllowed ? (editing ?? []).find((each) => each.holds) : null;
    this.#giveWay(holder?.user ?? null);
    const lines = [];
    if (holder) lines.push(this.#held(holder));
    else if (others.length) {
      const text = interpolate(gettext("%(names)s has this drawing open too, to read."), { names: others.join(", ") }, true);
      lines.push(note("", text));
    }
    const isNewer = saved && saved.version > this.store.version;
    if (isNewer && holder && !this.store.isDirty) this.#followTheirs();
    else if (isNewer) lines.push(note("warn", newer(saved), gettext("Saving will ask you what to keep.")));
    const digest = JSON.stringify([others, holder, this.wasOurs, saved?.version, this.store.version]);
    if (digest !== this.digest) this.element.replaceChildren(...lines);
    this.digest = digest;
  }

  /** Who held it, and was taken over from, is told so. */
  #giveWay(user) {
    if (user === null) this.wasOurs = true;
    this.editing.leaveTo(user);
  }

  #held({ user, since }) {
    const values = { user, at: moment(since) };
    const title = this.wasOurs ? gettext("%(user)s has taken over") : gettext("%(user)s is editing this drawing");
    const text = this.store.isDirty
      ? gettext("It is read only here. Your changes are still on the screen, not saved.")
      : gettext("It is read only here, so that nobody's work is lost.");
    const take = button({ icon: "pencil", label: gettext("Take over"), class: "button small" }, () => this.#takeOver());
    return note("warn", interpolate(title, values, true), text, take);
  }

  async #takeOver() {
    try {
      await this.api.post(this.api.urls.editing, { active: true, take: true });
      await this.live.refresh();
    } catch (error) {
      toast(error.message, { tone: "error" });
    }
  }

  /** Who only reads sees what is saved. */
  async #followTheirs() {
    try {
      this.store.follow(await this.api.get(this.api.urls.definition));
    } catch {
      // The next answer about the state brings it again.
    }
  }

  /** After a refused save: compare, take theirs, or save mine over theirs. */
  async resolve() {
    const theirs = await this.api.get(this.api.urls.definition);
    const saved = (await this.api.state(this.live.run)).saved ?? {};
    const title = newer({ ...saved, version: theirs.version });
    const body = [h("p", {}, gettext("Your changes are still here, and nothing was overwritten."))];
    const choices = [
      { label: gettext("Compare"), value: "compare" },
      { label: gettext("Reload theirs"), value: "theirs" },
      { label: gettext("Save mine over theirs"), value: "mine", class: "destructive" },
    ];
    const chosen = await ask({ title, body, safe: gettext("Go on editing"), choices });
    if (chosen === "compare") this.#compare(title, theirs);
    if (chosen === "theirs") this.#take(theirs);
    if (chosen === "mine") await this.#saveOver(theirs.version);
  }

  /** Beside the drawing, with what differs marked on it; the same ways out. */
  #compare(title, theirs) {
    const diff = differences(theirs, this.store.document, this.types);
    const leave = (act) => () => (this.versions.close(), act());
    const ways = [
      button({ label: gettext("Reload theirs"), class: "button small" }, leave(() => this.#take(theirs))),
      button({ label: gettext("Save mine over theirs"), class: "button small destructive" }, leave(() => this.#saveOver(theirs.version))),
    ];
    const text = h("p", { class: "mut" }, gettext("From theirs to yours:"));
    const list = differenceList(diff, gettext("The two drawings are the same."), this.versions.see);
    this.versions.show(title, h("div", { class: "compared" }, text, list), h("footer", { class: "panel-foot" }, ...ways));
    this.versions.mark(marksOf(diff));
  }

  #take(theirs) {
    this.store.replace(theirs);
    toast(gettext("This is the saved drawing; Undo brings yours back."), {
      action: { label: gettext("Undo"), run: () => this.store.undo() },
    });
  }

  /** Over the version that was shown: if there is a newer one still, the question comes again. */
  async #saveOver(version) {
    this.store.version = version;
    await this.commands().saveAt(version);
  }
}

function newer({ by, at, version }) {
  if (!by) return interpolate(gettext("A newer version was saved: %(version)s"), { version }, true);
  return interpolate(gettext("%(by)s saved a newer version at %(at)s"), { by, at: moment(at) }, true);
}
