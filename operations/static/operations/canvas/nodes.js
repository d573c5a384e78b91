// A node of the drawing: its shape, and what it says of its activity. 156 × 86, higher only for many outlets.

import { iconHref } from "./dom.js";
import { NODE_HEIGHT, NODE_WIDTH } from "./document.js";

const OUTLET_STEP = 20;
const TEXT_WIDTH = NODE_WIDTH - 24;
const STATE_WIDTH = NODE_WIDTH - 42;

const { dia } = window.joint;

const part = (tagName, selector, className, attributes = {}) => ({ tagName, selector, className, attributes });

const NodeModel = dia.Element.define(
  "diffusion.Node",
  {
    size: { width: NODE_WIDTH, height: NODE_HEIGHT },
    // Not a button: its name says more than the words it draws, which are cut.
    attrs: { root: { tabindex: 0, role: "group", "aria-roledescription": gettext("activity") } },
    ports: {
      groups: {
        in: { position: "left", markup: portMarkup("in") },
        out: {
          position: "right",
          markup: portMarkup("out"),
          label: {
            position: { name: "right", args: { x: 9, y: -9 } },
            markup: [part("text", "label", "port-label")],
          },
        },
      },
    },
  },
  {
    markup: [
      part("rect", "halo", "halo", { x: -3, y: -3, rx: 12 }),
      part("rect", "box", "box", { rx: 9 }),
      part("rect", "tint", "tint", { x: 10, y: 10, width: 22, height: 22, rx: 6 }),
      glyph("glyph", "glyph", 14, 14, 14),
      part("text", "type", "ty", { x: 40, y: 25 }),
      part("text", "label", "nm", { x: 10, y: 50 }),
      glyph("stateGlyph", "state-glyph", 9, 59.5, 13),
      part("text", "state", "st", { x: 27, y: 70 }),
      part("rect", "track", "track", { x: 10, y: 78, width: TEXT_WIDTH + 4, height: 3, rx: 1.5 }),
      part("rect", "bar", "bar", { x: 10, y: 78, width: 0, height: 3, rx: 1.5 }),
    ],
  },
);

function glyph(selector, className, x, y, size) {
  return {
    tagName: "svg",
    selector: `${selector}Frame`,
    className: `i ${className}`,
    attributes: { x, y, width: size, height: size },
    children: [{ tagName: "use", selector }],
  };
}

function portMarkup(direction) {
  return [
    part("circle", "hit", `port-hit port-${direction}`, { r: 12 }),
    part("circle", "port", "port", { r: 4 }),
  ];
}

/**
 * @param {{name: string, x: number, y: number}} activity
 * @param {Look} look what `lookOf` says
 */
export function createNode(activity, look) {
  const node = new NodeModel({ id: activity.name, position: { x: activity.x, y: activity.y }, z: 2 });
  updateNode(node, activity, look);
  return node;
}

/** Bring a node up to date, touching only what differs. */
export function updateNode(node, activity, look) {
  const at = node.position();
  if (at.x !== activity.x || at.y !== activity.y) node.position(activity.x, activity.y);
  const digest = JSON.stringify(look);
  if (node.get("digest") === digest) return;
  node.set("digest", digest);
  const height = Math.max(NODE_HEIGHT, look.outlets.length * OUTLET_STEP + 22);
  if (node.size().height !== height) node.resize(NODE_WIDTH, height);
  updatePorts(node, look);
  node.attr(attributesOf(look, height));
}

function updatePorts(node, { takesInbound, outlets, freeOutlets, outletLabels }) {
  const wanted = takesInbound ? [{ id: "in", group: "in" }] : [];
  for (const outlet of outlets) {
    const shown = outlets.length > 1 && freeOutlets.includes(outlet);
    const text = shown ? clipped(outletLabels[outlet] ?? outlet, 110, "11px") : "";
    wanted.push({ id: `out:${outlet}`, group: "out", attrs: { label: { text }, hit: { "data-outlet": outlet } } });
  }
  const digest = JSON.stringify(wanted);
  if (node.get("portDigest") === digest) return;
  node.prop("ports/items", wanted, { rewrite: true });
  node.set("portDigest", digest);
}

function attributesOf(look, height) {
  const classes = ["nd", look.family, look.tone, ...look.flags].filter(Boolean).join(" ");
  const isPlain = look.flags.includes("plain");
  const hasProgress = typeof look.progress === "number";
  const breadth = hasProgress ? Math.round((TEXT_WIDTH + 4) * Math.min(1, Math.max(0, look.progress))) : 0;
  return {
    root: { class: `joint-cell joint-element ${classes}`, "aria-label": look.name, "data-name": look.key },
    halo: { width: NODE_WIDTH + 6, height: height + 6 },
    box: { width: NODE_WIDTH, height },
    tint: { class: `tint fl-${look.family}` },
    glyphFrame: { class: `i glyph ic-${look.family}` },
    glyph: { href: iconHref(look.icon) },
    type: { text: clipped(look.typeLabel, TEXT_WIDTH - 28, "11px") },
    label: { text: clipped(look.label, TEXT_WIDTH, "600 12.5px") },
    stateGlyphFrame: { class: `i state-glyph ic-${look.tone || "mute"}` },
    stateGlyph: { href: iconHref(look.stateIcon || "circle") },
    state: { class: `st st-${look.tone || "mute"}`, text: clipped(look.state, isPlain ? TEXT_WIDTH : STATE_WIDTH, "550 11.5px") },
    track: { visibility: hasProgress ? "visible" : "hidden" },
    bar: { width: breadth, visibility: hasProgress ? "visible" : "hidden" },
  };
}

const measure = document.createElement("canvas").getContext("2d");
const known = new Map();

/** The text, cut with an ellipsis where it is wider than that. */
export function clipped(text, width, font) {
  const key = `${font}|${width}|${text}`;
  if (!known.has(key)) known.set(key, cut(String(text ?? ""), width, font));
  return known.get(key);
}

function cut(text, width, font) {
  measure.font = `${font} Inter, "DejaVu Sans", sans-serif`;
  if (measure.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && measure.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length).trimEnd()}…`;
}

export { NodeModel };
