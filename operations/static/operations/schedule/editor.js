// The schedule editor: rules in words, each in its mode, and below them what they will do.

import { choice, make } from "./elements.js";
import { modeForm, modes } from "./modes.js";
import { mountPreview } from "./preview.js";
import { freshRule, readRules, writeRules } from "./rules.js";

const DEFAULT = { crontab: "0 9 * * *" };

/**
 * @param {HTMLElement} element
 * @param {{value?: object, onChange?: (schedule: object) => void, previewUrl?: string, zone?: string,
 *   context?: object, readOnly?: boolean}} options `context`: valid_from, valid_until, max_runs, overlap, missed,
 *   grace_minutes, which the preview takes into account
 * @returns {{setValue: (schedule: object) => void, getValue: () => object, setContext: (context: object) => void,
 *   destroy: () => void}}
 */
export function mountScheduleEditor(element, options) {
  const { onChange = () => {}, previewUrl, zone = "", readOnly = false } = options;
  let value = options.value ?? DEFAULT;
  let rules = readRules(value);
  let context = options.context ?? {};
  const rulesBox = make("fieldset", { class: "schedule-rules", disabled: readOnly });
  const zoneLine = make("p", { class: "help schedule-zone" }, zone ? interpolate(gettext("Time zone: %(zone)s"), { zone }, true) : "");
  const previewBox = make("div", { class: "schedule-preview", "aria-live": "polite" });
  const preview = previewUrl ? mountPreview(previewBox, previewUrl) : null;
  element.replaceChildren(rulesBox, zoneLine, previewBox);

  const show = () => preview?.show(writeRules(rules), { ...context, zone });
  const draw = () => rulesBox.replaceChildren(...rules.map(ruleBox), adder());
  /** The rules were changed by hand: what they say now is the value, unless they say nothing yet. */
  const changed = (next, { redraw }) => {
    const focused = redraw && focusPlace(rulesBox);
    rules = next;
    if (redraw) {
      draw();
      restoreFocus(rulesBox, focused);
    }
    const written = writeRules(rules);
    if (written !== null) {
      value = written;
      onChange(value);
    }
    show();
  };
  const replace = (place, rule, redraw) => changed(rules.map((other, at) => (at === place ? rule : other)), { redraw });

  function ruleBox(rule, place) {
    const label = interpolate(gettext("Rule %(number)s"), { number: place + 1 }, true);
    const toMode = (mode) => replace(place, freshRule(mode, rules[place]), true);
    const change = (part) => replace(place, { ...rules[place], ...part }, needsRedraw(part));
    const head = [choice(modes(), rule.mode, toMode, gettext("How often"))];
    if (rules.length > 1) {
      head.push(action(gettext("Remove this rule"), () => changed(rules.toSpliced(place, 1), { redraw: true })));
    }
    return make("div", { class: "schedule-rule", role: "group", "aria-label": label }, ...head, ...modeForm(rule, change));
  }

  function adder() {
    return action(gettext("Add a rule"), () => changed([...rules, freshRule("daily")], { redraw: true }));
  }

  draw();
  show();
  return {
    setValue: (next) => {
      if (JSON.stringify(next) === JSON.stringify(value)) return;
      value = next ?? DEFAULT;
      rules = readRules(value);
      draw();
      show();
    },
    getValue: () => value,
    setContext: (next) => {
      context = next;
      show();
    },
    destroy: () => {
      preview?.destroy();
      element.replaceChildren();
    },
  };
}

function action(label, onClick) {
  return make("button", { type: "button", class: "button small", onclick: onClick }, label);
}

/** Changes after which other controls are shown. */
function needsRedraw(part) {
  return ["how", "unit", "from", "to", "days"].some((name) => name in part);
}

function focusable(box) {
  return [...box.querySelectorAll("input, select, textarea, button, summary")];
}

function focusPlace(box) {
  return focusable(box).indexOf(document.activeElement);
}

function restoreFocus(box, place) {
  if (place >= 0) focusable(box)[place]?.focus();
}
