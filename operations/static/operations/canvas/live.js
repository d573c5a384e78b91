// The state of the workflow and of the run that is shown: every 3 s while something moves, else every 15 s.
// Emits "change" after each answer, "lost" when the server stopped answering, "moved" with sentences to be read out.

const FAST = 3000;
const SLOW = 15000;

export class Live extends EventTarget {
  state = null;
  /** The run chosen in the selector; "" follows the latest, "none" shows the drawing alone. */
  run = "";
  /** A simulated run that is shown in place of the real one. */
  rehearsed = null;
  #timer;
  #failures = 0;
  #sequence = 0;

  constructor({ api, labels }) {
    super();
    Object.assign(this, { api, labels });
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
  }

  get tasks() {
    return this.rehearsed?.tasks ?? this.state?.run?.tasks ?? null;
  }

  task(name) {
    return this.tasks?.[name];
  }

  next(name) {
    return this.state?.next?.[name];
  }

  /** Has this activity taken part in a run, as far as is known? Then its name stays. */
  get hasRuns() {
    return (this.state?.runs ?? []).length > 0;
  }

  get isMoving() {
    const run = this.state?.run;
    const isActive = (each) => ["running", "waiting", "started", "created", "pending"].includes(each?.state);
    return (run && (isActive(run) || Object.values(run.tasks).some(isActive))) || (this.state?.runs ?? []).some(isActive);
  }

  show(run) {
    this.run = run;
    return this.refresh();
  }

  rehearse(run) {
    this.rehearsed = run;
    if (this.state) this.dispatchEvent(new Event("change"));
  }

  async refresh() {
    clearTimeout(this.#timer);
    const sequence = (this.#sequence += 1);
    try {
      const state = await this.api.state(this.run);
      if (sequence !== this.#sequence) return;
      this.#failures = 0;
      this.take(state);
    } catch {
      this.#failures += 1;
      if (this.#failures === 2) this.dispatchEvent(new Event("lost"));
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (document.hidden ? this.#sleep() : this.refresh()), this.isMoving ? FAST : SLOW);
  }

  take(state) {
    const before = this.state;
    this.state = state;
    this.dispatchEvent(new Event("change"));
    const sentences = before ? this.#differences(before, state) : [];
    if (sentences.length) this.dispatchEvent(new CustomEvent("moved", { detail: sentences }));
  }

  #sleep() {
    this.#timer = setTimeout(() => this.refresh(), SLOW);
  }

  #differences(before, after) {
    const sentences = [];
    if (before.workflow.state_label !== after.workflow.state_label) sentences.push(after.workflow.state_label);
    if (before.run?.id !== after.run?.id) return sentences;
    for (const [name, task] of Object.entries(after.run?.tasks ?? {})) {
      if (before.run.tasks[name]?.label !== task.label) sentences.push(`${this.labels(name)}: ${task.label}`);
    }
    return sentences;
  }
}
