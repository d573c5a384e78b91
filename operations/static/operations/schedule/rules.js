// Schedule documents as the editor's rules, and back. Pure: no document, no server.
//
// A rule is {mode, …}: several, daily, weekly, monthly, once, interval, crontab, json. Whatever can't be said simply stays
// a crontab or JSON, so that nothing that was written is lost.

const CLOCK = /^\d{1,2}$/;

/** @returns {object} a fresh rule of this mode, with the times of another where they fit */
export function freshRule(mode, previous = {}) {
  const time = previous.time ?? "09:00";
  const days = previous.weekdays?.length ? previous.weekdays : [1];
  return {
    several: { mode, how: "steps", every: 1, unit: "hours", from: 9, to: 18, minute: 0, hours: [9, 12, 18] },
    daily: { mode, time },
    weekly: { mode, time, weekdays: days },
    monthly: { mode, time, days: [1], months: [] },
    once: { mode, at: previous.at ?? tomorrow(time) },
    interval: { mode, every: 1, period: "weeks" },
    crontab: { mode, text: previous.mode ? (writeRule(previous).crontab ?? "0 9 * * *") : "0 9 * * *" },
    json: { mode, text: JSON.stringify(previous.mode ? writeRule(previous) : { crontab: "0 9 * * *" }) },
  }[mode];
}

/** The rules of a schedule document, each in the simplest mode that says it. */
export function readRules(document) {
  if (Array.isArray(document?.any)) return document.any.flatMap(readRules);
  return [readRule(document)];
}

/** The schedule document of the rules: one, or several under `any`. Rules of JSON that is not valid are null. */
export function writeRules(rules) {
  const documents = rules.map(writeRule);
  if (documents.some((document) => document === null)) return null;
  return documents.length === 1 ? documents[0] : { any: documents };
}

function readRule(document) {
  if (typeof document?.crontab === "string") return readCrontab(document.crontab);
  if (typeof document?.at === "string") return readOnce(document);
  if (document?.every && document?.period) return { mode: "interval", every: document.every, period: document.period };
  return { mode: "json", text: JSON.stringify(document ?? {}) };
}

function readOnce(document) {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::00)?)?$/.exec(document.at);
  if (!match) return { mode: "json", text: JSON.stringify(document) };
  return { mode: "once", at: `${match[1]}T${match[2] ?? "00:00"}` };
}

function readCrontab(text) {
  const fields = text.trim().split(/\s+/);
  return (fields.length === 5 && (readAtTime(fields) ?? readSeveral(fields))) || { mode: "crontab", text };
}

function readAtTime([minute, hour, days, months, weekdays]) {
  if (!CLOCK.test(minute) || !CLOCK.test(hour)) return null;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  const plain = months === "*";
  if (days === "*" && weekdays === "*" && plain) return { mode: "daily", time };
  if (days === "*" && plain) return numbersOf(weekdays, 0, 7, (found) => ({ mode: "weekly", time, weekdays: week(found) }));
  if (weekdays !== "*" || days === "*") return null;
  const monthNumbers = plain ? [] : numbers(months, 1, 12);
  if (!monthNumbers) return null;
  return numbersOf(days, 1, 31, (found) => ({ mode: "monthly", time, days: found, months: monthNumbers }));
}

function readSeveral([minute, hour, days, months, weekdays]) {
  if (days !== "*" || months !== "*" || weekdays !== "*") return null;
  const base = freshRule("several");
  const span = /^(?:\*|(\d{1,2})-(\d{1,2}))(?:\/(\d{1,2}))?$/.exec(hour);
  const from = Number(span?.[1] ?? 0);
  const to = Number(span?.[2] ?? 23);
  const steps = /^\*\/(\d{1,2})$/.exec(minute);
  if (steps && span && !span[3]) return { ...base, every: Number(steps[1]), unit: "minutes", from, to };
  if (!CLOCK.test(minute)) return null;
  if (span) return { ...base, every: Number(span[3] ?? 1), unit: "hours", from, to, minute: Number(minute) };
  return numbersOf(hour, 0, 23, (hours) => ({ ...base, how: "hours", hours, minute: Number(minute) }));
}

function writeRule(rule) {
  return WRITERS[rule.mode](rule);
}

const WRITERS = {
  several: (rule) => ({ crontab: `${several(rule)} * * *` }),
  daily: (rule) => ({ crontab: `${clock(rule.time)} * * *` }),
  weekly: (rule) => ({ crontab: `${clock(rule.time)} * * ${listed(rule.weekdays)}` }),
  monthly: (rule) => ({ crontab: `${clock(rule.time)} ${listed(rule.days)} ${listed(rule.months)} *` }),
  once: (rule) => ({ at: rule.at }),
  interval: (rule) => ({ every: rule.every, period: rule.period }),
  crontab: (rule) => ({ crontab: rule.text.trim() }),
  json: (rule) => {
    try {
      return JSON.parse(rule.text);
    } catch {
      return null;
    }
  },
};

function several({ how, every, unit, from, to, minute, hours }) {
  if (how === "hours") return `${minute} ${listed(hours)}`;
  const last = Math.max(from, to);
  const span = from === 0 && last === 23 ? "*" : `${from}-${last}`;
  if (unit === "minutes") return `*/${every} ${span}`;
  return `${minute} ${every === 1 ? span : `${span}/${every}`}`;
}

function clock(time) {
  const [hour, minute] = time.split(":");
  return `${Number(minute)} ${Number(hour)}`;
}

function listed(values) {
  return values.length ? [...values].sort((one, other) => one - other).join(",") : "*";
}

/** The numbers of a crontab field made of numbers and ranges; null for any other. */
function numbers(text, low, high) {
  const found = new Set();
  for (const part of text.split(",")) {
    const match = /^(\d{1,2})(?:-(\d{1,2}))?$/.exec(part);
    if (!match) return null;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (first < low || last > high || first > last) return null;
    for (let number = first; number <= last; number += 1) found.add(number);
  }
  return [...found].sort((one, other) => one - other);
}

function numbersOf(text, low, high, make) {
  const found = numbers(text, low, high);
  return found && make(found);
}

/** Sunday is 0, never 7. */
function week(days) {
  return [...new Set(days.map((day) => day % 7))].sort((one, other) => one - other);
}

function tomorrow(time) {
  const day = new Date(Date.now() + 86_400_000);
  return `${day.toISOString().slice(0, 10)}T${time}`;
}
