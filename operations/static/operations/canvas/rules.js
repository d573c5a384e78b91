// May this transition be drawn? The reasons are those of the server, said before it has to.

import { arrowsInto, byName, downstream, keyOf } from "./document.js";

/**
 * Why the arrow can't be drawn, in words; null when it can.
 * @param {{source: string, outlet: string, target: string}} arrow
 * @param {Record<string, any>} types by code
 */
export function refusal(document, types, arrow) {
  const target = byName(document, arrow.target);
  const type = types[target?.type];
  if (!target || !byName(document, arrow.source)) return gettext("Let go on an activity.");
  const label = target.label || target.name;
  if (arrow.source === arrow.target) {
    return interpolate(gettext("“%(label)s” can't lead to itself."), { label }, true);
  }
  return tooMany(document, type, arrow, label) ?? twice(document, arrow, label) ?? cycle(document, type, arrow, label);
}

function tooMany(document, type, arrow, label) {
  const maximum = type?.maximum_inbound;
  if (type?.is_scheduler) {
    return interpolate(gettext("“%(label)s” is a scheduler: no transition leads to it."), { label }, true);
  }
  if (maximum === 0) {
    return interpolate(gettext("“%(label)s” begins a branch: no transition leads to it."), { label }, true);
  }
  if (typeof maximum === "number" && arrowsInto(document, arrow.target).length >= maximum) {
    const text = ngettext(
      "“%(label)s” takes only %(maximum)s transition: put a union before it.",
      "“%(label)s” takes only %(maximum)s transitions: put a union before it.",
      maximum,
    );
    return interpolate(text, { label, maximum }, true);
  }
  return null;
}

function twice(document, arrow, label) {
  if (!document.transitions.some((each) => keyOf(each) === keyOf(arrow))) return null;
  return interpolate(gettext("There is already this transition to “%(label)s”."), { label }, true);
}

function cycle(document, type, arrow, label) {
  if (type?.may_close_cycle || !downstream(document, [arrow.target]).has(arrow.source)) return null;
  return interpolate(gettext("“%(label)s” comes before: that would be a circle."), { label }, true);
}
