// What the schedule will do: asked of the server a moment after the last change, shown below the rules.

import { make } from "./elements.js";

const DELAY = 250;

/** @returns {{show: (document: object|null, context: object) => void, destroy: () => void}} */
export function mountPreview(element, url) {
  let timer;
  let asked = 0;
  const ask = async (schedule, context) => {
    const turn = (asked += 1);
    const answer = await request(url, { schedule, ...context });
    // An answer that was overtaken says nothing of what is shown.
    if (turn === asked) render(element, answer);
  };
  return {
    show: (schedule, context) => {
      clearTimeout(timer);
      if (schedule === null) render(element, { error: gettext("This is not JSON.") });
      else timer = setTimeout(() => ask(schedule, context), DELAY);
    },
    destroy: () => {
      asked += 1;
      clearTimeout(timer);
    },
  };
}

async function request(url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  try {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.ok) return await answer.json();
  } catch {
    // Said below.
  }
  return { error: gettext("The preview can't be had now.") };
}

function token() {
  const data = document.getElementById("canvas-data");
  if (data) return JSON.parse(data.textContent).csrf;
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

function render(element, { error, sentence, policies = [], runs = [], warnings = [] }) {
  if (error) {
    element.replaceChildren(make("p", { class: "note bad", role: "alert" }, error));
    return;
  }
  element.replaceChildren(
    make("p", { class: "schedule-sentence" }, sentence),
    ...warnings.map((text) => make("p", { class: "note warn" }, text)),
    ...(runs.length ? [make("h4", {}, gettext("Next runs")), list(runs)] : []),
    ...policies.map((text) => make("p", { class: "help" }, text)),
  );
}

function list(runs) {
  const items = runs.flatMap(({ local, utc, note }) => {
    const line = make("li", {}, make("b", {}, local), " ", make("small", {}, utc));
    return note ? [make("li", { class: "clock-change" }, note), line] : [line];
  });
  return make("ol", { class: "next-runs" }, ...items);
}
