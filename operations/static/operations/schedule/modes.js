// One form per mode of a rule: each shows the rule and calls `change` with what differs.

import { choice, count, labelled, make, ticks, time } from "./elements.js";

/** 2024-01-07 is a Sunday. */
const name = (date, options) => new Intl.DateTimeFormat(document.documentElement.lang || "en", options).format(date);
const weekdayNames = () =>
  [1, 2, 3, 4, 5, 6, 0].map((day) => [day, name(new Date(2024, 0, 7 + day), { weekday: "long" })]);
const monthNames = () =>
  Array.from({ length: 12 }, (_value, month) => [month + 1, name(new Date(2024, month, 1), { month: "long" })]);
const range = (first, last) => Array.from({ length: last - first + 1 }, (_value, place) => first + place);
const hourName = (hour) => `${String(hour).padStart(2, "0")}:00`;
const hours = () => range(0, 23).map((hour) => [hour, hourName(hour)]);
// What divides an hour: others would leave an uneven step at its end.
const MINUTES = [5, 10, 15, 20, 30];

export const modes = () => [
  ["several", gettext("Several times a day")],
  ["daily", gettext("Every day")],
  ["weekly", gettext("Every week")],
  ["monthly", gettext("Every month")],
  ["once", gettext("Once")],
  ["interval", gettext("At an interval from the start")],
  ["crontab", gettext("Crontab, for experts")],
  ["json", gettext("JSON")],
];

/** The controls of one rule. */
export function modeForm(rule, change) {
  return FORMS[rule.mode](rule, change);
}

const FORMS = {
  several,
  daily: (rule, change) => [time(rule.time, (value) => change({ time: value }))],
  weekly: (rule, change) => [
    ticks(weekdayNames(), rule.weekdays, { legend: gettext("On") }, (weekdays) => change({ weekdays })),
    time(rule.time, (value) => change({ time: value })),
  ],
  monthly,
  once: (rule, change) => {
    const input = make("input", {
      type: "datetime-local",
      value: rule.at,
      required: true,
      onchange: () => input.value && change({ at: input.value.slice(0, 16) }),
    });
    return [labelled(gettext("On"), input)];
  },
  interval: (rule, change) => [
    make("span", {}, gettext("Every")),
    count(rule.every, { min: 1, max: 100000, label: gettext("How many") }, (every) => change({ every })),
    choice(periods(), rule.period, (period) => change({ period }), gettext("Unit")),
    make("p", { class: "help" }, gettext("Counted from the start of the workflow, or from “valid from”.")),
  ],
  crontab: (rule, change) => {
    const input = make("input", { type: "text", spellcheck: "false", value: rule.text });
    input.addEventListener("change", () => change({ text: input.value }));
    const help = gettext("Minute, hour, day of month, month, day of week. Day of month and day of week must both match.");
    return [labelled(gettext("Crontab"), input), make("p", { class: "help" }, help)];
  },
  json: (rule, change) => {
    const input = make("textarea", { rows: 4, spellcheck: "false", "aria-label": gettext("JSON"), value: rule.text });
    input.addEventListener("change", () => change({ text: input.value }));
    return [input];
  },
};

function several(rule, change) {
  const how = [
    ["steps", gettext("In even steps between two hours")],
    ["hours", gettext("At chosen hours")],
  ];
  const head = choice(how, rule.how, (value) => change({ how: value }), gettext("How"));
  return [head, ...(rule.how === "hours" ? chosenHours(rule, change) : steps(rule, change))];
}

function steps(rule, change) {
  const inMinutes = rule.unit === "minutes";
  const own = MINUTES.includes(rule.every) || !inMinutes ? [] : [[rule.every, String(rule.every)]];
  const units = [
    ["minutes", gettext("minutes")],
    ["hours", gettext("hours")],
  ];
  const every = inMinutes
    ? choice([...MINUTES.map((step) => [step, String(step)]), ...own], rule.every, (value) => change({ every: value }))
    : count(rule.every, { min: 1, max: 23, label: gettext("How many") }, (value) => change({ every: value }));
  every.setAttribute("aria-label", gettext("How many"));
  const onUnit = (unit) => change({ unit, every: unit === "minutes" ? 15 : 1 });
  const controls = [
    make("span", {}, gettext("Every")),
    every,
    choice(units, rule.unit, onUnit, gettext("Unit")),
    labelled(gettext("from"), choice(hours(), rule.from, (from) => change({ from, to: Math.max(from, rule.to) }))),
    labelled(gettext("to"), choice(hours(), rule.to, (to) => change({ to, from: Math.min(to, rule.from) }))),
  ];
  return inMinutes ? [...controls, lastHour()] : [...controls, minutePast(rule, change)];
}

function lastHour() {
  return make("p", { class: "help" }, gettext("The last hour counts to its end."));
}

function chosenHours(rule, change) {
  const options = { legend: gettext("Hours"), className: "many" };
  return [ticks(hours(), rule.hours, options, (chosen) => change({ hours: chosen })), minutePast(rule, change)];
}

function minutePast(rule, change) {
  const input = count(rule.minute, { min: 0, max: 59, label: gettext("Minute") }, (minute) => change({ minute }));
  return labelled(gettext("Minute"), input);
}

function monthly(rule, change) {
  const days = range(1, 31).map((day) => [day, String(day)]);
  const form = [
    ticks(days, rule.days, { legend: gettext("Days of the month"), className: "many" }, (chosen) =>
      change({ days: chosen }),
    ),
    time(rule.time, (value) => change({ time: value })),
    make(
      "details",
      { open: rule.months.length > 0 },
      make("summary", {}, gettext("Only in some months")),
      ticks(monthNames(), rule.months, { legend: gettext("Months"), mayBeEmpty: true }, (months) => change({ months })),
    ),
  ];
  if (rule.days.some((day) => day > 28)) {
    const text = gettext(
      "A month without this day is passed over. There is no “last day of the month”: choose day 28 or day 1 to run every month.",
    );
    form.push(make("p", { class: "note warn" }, text));
  }
  return form;
}

function periods() {
  return [
    ["minutes", gettext("minutes")],
    ["hours", gettext("hours")],
    ["days", gettext("days")],
    ["weeks", gettext("weeks")],
  ];
}
