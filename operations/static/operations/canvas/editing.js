// What one can do to the drawing: each is one step of the history.

import * as doc from "./document.js";
import { refusal } from "./rules.js";
import { outletsOf } from "./look.js";
import { toast } from "../../campaign_site/js/toast.js";

const BESIDE = doc.NODE_WIDTH + 94;

/** Emits "change" when the drawing can be changed here, or no longer. */
export class Editing extends EventTarget {
  #holder = null;

  /** @param {{store, selection, types, facts, drawing, live, isAllowed: boolean}} parts */
  constructor({ store, selection, types, facts, drawing, isAllowed, live }) {
    super();
    Object.assign(this, { store, selection, types, facts, drawing, isAllowed, live });
    facts.addEventListener("vanished", ({ detail }) => this.#dropVanished(detail));
  }

  get mayChange() {
    return this.isAllowed && this.#holder === null;
  }

  /** Who else holds the drawing; null when it is ours. */
  get holder() {
    return this.#holder;
  }

  leaveTo(holder) {
    if (holder === this.#holder) return;
    this.#holder = holder;
    this.dispatchEvent(new Event("change"));
  }

  get document() {
    return this.store.document;
  }

  /** Put a new activity of this type at a place of the drawing; answers its name. */
  addAt(code, place) {
    if (!this.mayChange) return null;
    const activity = this.#fresh(code, place);
    this.store.change(doc.add(this.document, [activity]));
    this.selection.set([activity.name]);
    return activity.name;
  }

  /** Put it right of the selected activity and connect it there, if that may be. */
  addAfter(code, source = this.selection.single) {
    const before = source && doc.byName(this.document, source);
    if (!this.mayChange) return null;
    if (!before) return this.addAt(code, this.#freeSpot());
    const place = doc.freePlace(this.document, { x: before.x + BESIDE, y: before.y });
    const activity = this.#fresh(code, place);
    const next = doc.add(this.document, [activity]);
    const arrow = { source, outlet: this.#outletFor(source), target: activity.name };
    const joined = arrow.outlet && !refusal(next, this.types, arrow);
    this.store.change(joined ? doc.connect(next, arrow) : next);
    this.selection.set([activity.name]);
    this.drawing.draw();
    this.drawing.reveal(activity.name);
    return activity.name;
  }

  #fresh(code, place) {
    const type = this.types[code];
    const name = doc.freeName(doc.names(this.document), code);
    const { x, y } = doc.freePlace(this.document, place);
    return { name, type: code, label: type.label, x, y, config: structuredClone(type.defaults ?? {}) };
  }

  #freeSpot() {
    const box = this.drawing.bounds();
    return box ? { x: box.x + box.width + BESIDE - doc.NODE_WIDTH, y: box.y } : { x: 40, y: 120 };
  }

  /** The outlets of an activity with their labels: `[{outlet, label, isOnly}]`. */
  outletsOf(name) {
    const activity = doc.byName(this.document, name);
    const facts = this.facts.of(name);
    const outlets = outletsOf(activity, { document: this.document, types: this.types, facts });
    const labels = facts?.outlet_labels ?? this.types[activity.type]?.outlet_labels ?? {};
    return outlets.map((outlet) => ({ outlet, label: labels[outlet] ?? outlet, isOnly: outlets.length === 1 }));
  }

  /** The first outlet that leads nowhere yet, else the first. */
  #outletFor(name) {
    const outlets = this.outletsOf(name).map(({ outlet }) => outlet);
    const used = new Set(doc.arrowsFrom(this.document, name).map((arrow) => arrow.outlet));
    return outlets.find((outlet) => !used.has(outlet)) ?? outlets[0];
  }

  /** Draw a transition, or say why not; answers whether it was drawn. */
  connect(source, outlet, target) {
    if (!this.mayChange) return false;
    const arrow = { source, outlet: outlet ?? this.#outletFor(source), target };
    const why = arrow.outlet ? refusal(this.document, this.types, arrow) : gettext("This activity has no outlet.");
    if (why) {
      toast(why, { tone: "warning" });
      return false;
    }
    this.store.change(doc.connect(this.document, arrow));
    return true;
  }

  /** Take away what is selected; it comes back with Undo. */
  removeSelected() {
    const { names, link } = this.selection;
    if (!this.mayChange || (!names.size && !link)) return;
    if (link) {
      this.store.change(doc.disconnect(this.document, [link]));
      this.#sayUndo(gettext("Transition removed."));
    } else {
      this.store.change(doc.remove(this.document, names));
      const text = ngettext("%(count)s activity removed.", "%(count)s activities removed.", names.size);
      this.#sayUndo(interpolate(text, { count: names.size }, true));
    }
    this.selection.clear();
  }

  #sayUndo(text) {
    toast(text, { action: { label: gettext("Undo"), run: () => this.store.undo() } });
  }

  move(positions) {
    this.store.change(doc.move(this.document, positions));
  }

  /** Move what is selected by keys: steps in the same direction are one step of the history. */
  nudge(dx, dy) {
    if (!this.mayChange) return;
    const positions = {};
    for (const name of this.selection.names) {
      const { x, y } = doc.byName(this.document, name);
      positions[name] = { x: x + dx, y: y + dy };
    }
    this.store.change(doc.move(this.document, positions), `nudge ${[...this.selection.names]}`);
  }

  configure(name, config, field) {
    this.store.change(doc.change(this.document, name, { config }), `config ${name} ${field ?? ""}`);
  }

  relabel(name, label) {
    this.store.change(doc.change(this.document, name, { label }), `label ${name}`);
  }

  /** Why the activity keeps its name; null when it may have another. */
  whyNamed(name) {
    const isSaved = Boolean(doc.byName(this.store.saved, name));
    return isSaved && this.live.hasRuns ? gettext("It has taken part in runs, which know it by this name.") : null;
  }

  /** Answers why the new name won't do; null when it is done. */
  rename(name, wanted) {
    if (wanted === name) return null;
    if (!wanted.trim()) return gettext("A name is needed.");
    if (doc.names(this.document).has(wanted)) return gettext("Another activity has this name.");
    this.store.change(doc.rename(this.document, { [name]: wanted }, this.types));
    this.selection.set([wanted]);
    return null;
  }

  /** Put copies of activities and of the transitions between them; answers their names. */
  paste(fragment, offset) {
    if (!this.mayChange) return [];
    const known = fragment.activities.filter((each) => this.types[each.type]);
    const taken = doc.names(this.document);
    const called = {};
    for (const { name } of known) taken.add((called[name] = doc.freeName(taken, name)));
    const copies = doc.rename({ ...fragment, activities: structuredClone(known) }, called, this.types);
    const moved = copies.activities.map(({ name, type, label, x, y, config }) => {
      return { name, type, label, x: doc.snapped(x + offset.x), y: doc.snapped(y + offset.y), config };
    });
    const within = fragment.transitions.filter((arrow) => called[arrow.source] && called[arrow.target]);
    const arrows = doc.rename({ activities: [], transitions: within }, called, this.types).transitions;
    this.store.change(doc.add(this.document, moved, arrows));
    this.selection.set(moved.map((each) => each.name));
    return moved.map((each) => each.name);
  }

  #dropVanished({ name, arrows }) {
    if (!this.mayChange) return;
    this.store.amend(doc.disconnect(this.document, arrows.map(doc.keyOf)));
    const text = ngettext(
      "A transition of “%(label)s” left from an outlet that is no more: it was removed.",
      "%(count)s transitions of “%(label)s” left from outlets that are no more: they were removed.",
      arrows.length,
    );
    const label = doc.byName(this.document, name).label || name;
    this.#sayUndo(interpolate(text, { label, count: arrows.length }, true));
  }
}
