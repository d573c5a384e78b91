// Three small drawings to begin with. Templates are left to be chosen.

const at = (column, row = 0) => ({ x: 40 + column * 230, y: 160 + row * 120 });

const QUIET = 90;

/** `{code, label, definition}` of each; labels in the reader's language. */
export function starters() {
  return [birthday(), welcome(), winBack()];
}

const daily = (hour) => ({ schedule: { crontab: `0 ${hour} * * *` } });

function birthday() {
  const who = { field: "birth_date", op: "anniversary" };
  const query = { name: "birthdays", type: "query", label: gettext("Birthday today"), config: { filter: who } };
  return { code: "birthday", label: gettext("Birthday"), definition: chain(gettext("Every day at 9"), 9, query) };
}

/** Each newcomer once, with a message that goes out as they come. */
function welcome() {
  const config = { filter: { field: "created_at", op: "within_last", value: { days: 7 } } };
  const query = { name: "newcomers", type: "incremental_query", label: gettext("Not met yet"), config };
  const definition = chain(gettext("Every day at 10"), 10, query, "continuous_delivery");
  return { code: "welcome", label: gettext("Welcome"), definition };
}

/** Those who are here for three months and opened nothing since; for three months nobody is asked twice. */
function winBack() {
  const known = { field: "created_at", op: "older_than", value: { days: QUIET } };
  const filter = { all: [known, { not: { delivery: "opened", days: QUIET } }] };
  const config = { filter, history_days: QUIET };
  const query = { name: "quiet_people", type: "incremental_query", label: gettext("Opened nothing for 90 days"), config };
  return { code: "win_back", label: gettext("Win-back"), definition: chain(gettext("Every day at 11"), 11, query) };
}

/** Scheduler, query, delivery. */
function chain(when, hour, query, type = "recurring_delivery") {
  const scheduler = { name: "every_day", type: "scheduler", label: when, ...at(0), config: daily(hour) };
  const delivery = {
    name: "delivery",
    type,
    label: gettext("Message to choose"),
    ...at(2),
    config: { template: null },
  };
  return {
    activities: [scheduler, { ...query, ...at(1) }, delivery],
    transitions: [
      { source: scheduler.name, outlet: "out", target: query.name },
      { source: query.name, outlet: "out", target: delivery.name },
    ],
  };
}
