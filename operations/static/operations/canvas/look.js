// What a node says: type, label, state, outlets, and one sentence for those who don't see it.

import { arrowsFrom } from "./document.js";
import { people } from "./dom.js";

/**
 * @param {object} activity
 * @param {{document: object, types: Record<string, any>, facts: Record<string, any>, task: any, next: string|undefined,
 *   mark: string|undefined, selected: boolean}} around
 */
export function lookOf(activity, around) {
  const type = around.types[activity.type] ?? unknownType(activity);
  const outlets = outletsOf(activity, around);
  const used = new Set(arrowsFrom(around.document, activity.name).map((arrow) => arrow.outlet));
  const state = stateOf(activity, around, type);
  const label = activity.label || type.label;
  return {
    key: activity.name,
    family: type.family ?? "flow",
    icon: type.icon || "square",
    typeLabel: type.label,
    label,
    ...state,
    takesInbound: !type.is_scheduler && type.maximum_inbound !== 0,
    outlets,
    freeOutlets: outlets.filter((outlet) => !used.has(outlet)),
    outletLabels: around.facts?.outlet_labels ?? type.outlet_labels ?? {},
    flags: [...state.flags, around.selected ? "sel" : "", around.mark ? `mark-${around.mark}` : ""].filter(Boolean),
    name: [type.label, label, state.state, resultOf(around.task), ...(around.faults ?? [])].filter(Boolean).join(", "),
  };
}

/** The outlets that the server named, and any that a transition leaves from. */
export function outletsOf(activity, { document, types, facts }) {
  const named = facts?.outlets ?? types[activity.type]?.outlets ?? [];
  const drawn = arrowsFrom(document, activity.name).map((arrow) => arrow.outlet);
  return [...new Set([...named, ...drawn])];
}

function stateOf(activity, { task, facts, faults, next }, type) {
  const isFaulty = Object.keys(facts?.errors ?? {}).length > 0 || faults?.length > 0;
  // What moves or has failed is said before what the next run would stumble over.
  if (task && !(isFaulty && ["ok", "mute"].includes(task.tone))) {
    const isSkipped = task.state === "skipped";
    const progress = typeof task.progress === "number" ? task.progress : undefined;
    return {
      tone: task.tone,
      stateIcon: task.icon,
      state: task.text || task.label,
      progress,
      flags: isSkipped ? ["skip"] : task.icon === "loader" ? ["turning"] : [],
    };
  }
  if (isFaulty) return { tone: "warn", stateIcon: "triangle-alert", state: gettext("to be completed"), flags: ["invalid"] };
  if (next) {
    const state = interpolate(gettext("next: %(when)s"), { when: next }, true);
    return { tone: "wait", stateIcon: "clock", state, flags: [] };
  }
  const state = facts?.summary || "";
  return { tone: "", stateIcon: "circle", state, flags: state ? ["plain"] : ["plain", "silent"] };
}

function resultOf(task) {
  const counts = Object.values(task?.outlets ?? {}).filter((value) => value !== null);
  return counts.length ? people(counts[0]) : "";
}

function unknownType(activity) {
  return { label: activity.type, icon: "puzzle", family: "flow", outlets: [], description: gettext("unknown type") };
}
