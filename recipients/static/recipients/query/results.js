/** The live count, the count of each row, the people, the sentence; errors at their place. */

import { post, Refusal } from "./api.js";
import { el, figure, icon } from "./dom.js";
import { nearest, places } from "./tree.js";

const DELAY = 500;

/**
 * @param {Object} editor {urls, slots, root(), value(), question(), readOnly}
 */
export function makeResults(editor) {
  const total = el("strong", { class: "q-total" }, "–");
  const state = el("span", { class: "q-state" });
  const live = el("div", { class: "q-count", "aria-live": "polite" }, icon("users"), total, state);
  const countButton = el("button", { type: "button", class: "button small" }, icon("gauge"), gettext("Count now"));
  const seeButton = el("button", { type: "button", class: "button small" }, icon("eye"), gettext("See the people"));
  const warning = el("p", { class: "note warn q-warning", hidden: true });
  const general = el("p", { class: "err q-general", role: "alert", hidden: true });
  const sentence = el("p", { class: "q-words" });
  const people = el("div", { class: "q-people", hidden: true });
  const element = el("div", { class: "q-results" }, general, live, sentence, warning, el("div", { class: "q-buttons" }, countButton, seeButton), people);
  let asked = null;
  let timer = null;

  const clear = () => {
    general.hidden = true;
    for (const { count, error, element: line } of editor.slots.values()) {
      error.hidden = true;
      error.textContent = "";
      line.classList.remove("q-bad");
      count.classList.add("q-old");
    }
  };
  const showErrors = (fields, message) => {
    const found = places(editor.root());
    const left = [];
    for (const [place, texts] of Object.entries(fields)) {
      const slot = editor.slots.get(nearest(found, place === "filter" ? "" : place).id);
      if (!slot || place === "filter") left.push(...texts);
      else {
        slot.error.textContent = [slot.error.textContent, ...texts].filter(Boolean).join(" ");
        slot.error.hidden = false;
        slot.element.classList.add("q-bad");
      }
    }
    if (!Object.keys(fields).length && message) left.push(message);
    general.textContent = left.join(" ");
    general.hidden = !left.length;
  };
  const fail = (error) => {
    if (error.name === "AbortError") return;
    total.textContent = "–";
    state.textContent = "";
    sentence.textContent = "";
    if (error instanceof Refusal) showErrors(error.fields, error.message);
    else showErrors({}, gettext("The server did not answer."));
  };
  const showSteps = (steps) => {
    const found = places(editor.root());
    for (const [place, step] of Object.entries(steps)) {
      const slot = editor.slots.get(found.get(place)?.id);
      if (!slot) continue;
      slot.count.classList.remove("q-old");
      slot.count.textContent = figure(step.so_far);
      slot.count.title = interpolate(gettext("%(alone)s alone, %(sofar)s with the criteria above"), { alone: figure(step.alone), sofar: figure(step.so_far) }, true) + (step.sampled ? ` ${gettext("(sample)")}` : "");
    }
  };
  const count = async (mode) => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const question = { ...editor.question(), mode };
    clear();
    people.hidden = true;
    if (question.filter === null) {
      total.textContent = "–";
      state.textContent = gettext("Add a criterion, or “Everybody”.");
      sentence.textContent = "";
      warning.hidden = true;
      return;
    }
    state.textContent = gettext("counting…");
    live.setAttribute("aria-busy", "true");
    const steps = post(editor.urls.waterfall, question, signal).then((answer) => showSteps(answer.steps)).catch(() => {});
    try {
      const answer = await post(editor.urls.count, question, signal);
      total.textContent = answer.text;
      state.textContent = answer.how === "unknown" ? "" : ngettext("person", "people", answer.count);
      sentence.textContent = answer.words;
      warning.textContent = answer.warning;
      warning.hidden = !answer.warning;
      const root = editor.slots.get(editor.root().id);
      if (root) root.count.textContent = answer.text;
      root?.count.classList.remove("q-old");
      await steps;
    } catch (error) {
      fail(error);
    } finally {
      if (!signal.aborted) live.removeAttribute("aria-busy");
    }
  };
  const see = async () => {
    people.hidden = false;
    people.replaceChildren(el("p", { class: "q-word" }, gettext("looking…")));
    try {
      const answer = await post(editor.urls.preview, editor.question());
      const lines = answer.people.map((person) => el("li", {}, el("a", { href: person.url, target: "_blank", rel: "noopener" }, person.label), el("span", { class: "q-word" }, person.email)));
      const title = answer.people.length ? ngettext("One of them", "%s of them, in no order", answer.people.length).replace("%s", figure(answer.people.length)) : gettext("Nobody");
      people.replaceChildren(el("p", { class: "q-word" }, title), el("ul", {}, ...lines));
    } catch (error) {
      people.hidden = true;
      fail(error);
    }
  };
  countButton.addEventListener("click", () => count("exact"));
  seeButton.addEventListener("click", see);

  return {
    element,
    showErrors,
    clear,
    /** Counts a moment after the last change. */
    later: () => {
      clearTimeout(timer);
      timer = setTimeout(() => count("live"), DELAY);
    },
    now: () => count("live"),
    destroy: () => {
      clearTimeout(timer);
      asked?.abort();
    },
  };
}
