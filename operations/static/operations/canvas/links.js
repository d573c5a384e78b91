// A transition of the drawing: right angles, an arrow head, and a pill with the outlet and the count.

import { count } from "./dom.js";
import { keyOf } from "./document.js";
import { clipped } from "./nodes.js";

const { dia } = window.joint;

const line = (selector, className) => ({
  tagName: "path",
  selector,
  className,
  attributes: { fill: "none", pointerEvents: selector === "hit" ? "stroke" : "none" },
});

const LinkModel = dia.Link.define(
  "diffusion.Transition",
  { attrs: { root: { tabindex: -1 }, hit: { connection: true }, line: { connection: true } } },
  { markup: [line("hit", "edge-hit"), line("line", "edge"), { tagName: "path", selector: "head", className: "head" }] },
);

/** @param {{source: string, outlet: string, target: string}} arrow @param {LinkLook} look */
export function createLink(arrow, look) {
  const link = new LinkModel({
    id: keyOf(arrow),
    z: 1,
    source: { id: arrow.source, port: `out:${arrow.outlet}` },
    target: { id: arrow.target, port: "in" },
  });
  updateLink(link, look);
  return link;
}

/** @typedef {{state: ""|"done"|"live"|"off", pill: string, flags: string[]}} LinkLook */

export function updateLink(link, look) {
  const digest = JSON.stringify(look);
  if (link.get("digest") === digest) return;
  link.set("digest", digest);
  const classes = ["joint-cell joint-link transition", look.state, ...look.flags].filter(Boolean).join(" ");
  link.attr({
    root: { class: classes, "data-key": link.id },
    head: { d: "M -8 -4.5 L 0 0 L -8 4.5 z", atConnectionRatio: 1 },
  });
  link.labels(look.pill ? [pill(look.pill)] : []);
}

function pill(text) {
  const shown = clipped(text, 100, "11.5px");
  const width = Math.ceil(textWidth(shown)) + 16;
  return {
    position: { distance: 0.5 },
    markup: [
      { tagName: "rect", selector: "rect" },
      { tagName: "text", selector: "text" },
    ],
    attrs: {
      root: { class: "tag" },
      rect: { x: -width / 2, y: -10, width, height: 20, rx: 10 },
      text: { text: shown, textAnchor: "middle", y: 4 },
    },
  };
}

const measure = document.createElement("canvas").getContext("2d");

function textWidth(text) {
  measure.font = '550 11.5px Inter, "DejaVu Sans", sans-serif';
  return measure.measureText(text).width;
}

/**
 * How a transition stands in the run shown: passed, live, not activated, or nothing known.
 * @returns {LinkLook}
 */
export function linkLookOf(arrow, { tasks, facts, types, document, selected, mark }) {
  const source = tasks?.[arrow.source];
  const outlets = facts?.[arrow.source]?.outlets ?? [];
  const type = types[document.activities.find((each) => each.name === arrow.source)?.type];
  const labels = facts?.[arrow.source]?.outlet_labels ?? type?.outlet_labels ?? {};
  const label = outlets.length > 1 ? labels[arrow.outlet] ?? arrow.outlet : "";
  const amount = source?.outlets?.[arrow.outlet];
  const passed = source?.fired?.includes(arrow.outlet) ?? false;
  const pill = [label, amount === null || amount === undefined ? "" : count(amount)].filter(Boolean).join(" · ");
  const flags = [selected ? "sel" : "", mark ? `mark-${mark}` : ""].filter(Boolean);
  return { state: stateOf(source, tasks?.[arrow.target], passed), pill, flags };
}

function stateOf(source, target, passed) {
  if (!source) return "";
  if (passed) return target?.tone === "run" ? "live" : "done";
  return ["done", "failed", "skipped"].includes(source.state) ? "off" : "";
}

export { LinkModel };
