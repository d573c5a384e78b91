// Order in the drawing: layers from left to right, few crossings, nothing over anything.

import { arrowsFrom, inOrder, NODE_HEIGHT, NODE_WIDTH, snapped, sourcesOf } from "./document.js";

const COLUMN = NODE_WIDTH + 94;
const ROW = NODE_HEIGHT + 34;
const SWEEPS = 8;
const ORIGIN = 40;

/**
 * Where each activity goes. Heights other than that of a plain node are given by name.
 * @returns {Record<string, {x: number, y: number}>}
 */
export function laidOut(document, heights = {}) {
  const ranks = ranksOf(document);
  const layers = layersOf(document, ranks);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) sortLayers(document, layers, sweep % 2 === 0);
  return placed(document, layers, heights);
}

/** The longest way from an entry, in transitions. */
function ranksOf(document) {
  const ranks = {};
  for (const name of inOrder(document)) {
    const before = sourcesOf(document, name).map((source) => ranks[source] ?? -1);
    ranks[name] = Math.max(-1, ...before) + 1;
  }
  pullEntries(document, ranks);
  return ranks;
}

/** An entry stands right before what it leads to, not far left of it. */
function pullEntries(document, ranks) {
  for (const { name } of document.activities) {
    if (sourcesOf(document, name).length) continue;
    const after = arrowsFrom(document, name).map((arrow) => ranks[arrow.target]);
    if (after.length) ranks[name] = Math.max(0, Math.min(...after) - 1);
  }
}

function layersOf(document, ranks) {
  const layers = [];
  for (const name of inOrder(document)) (layers[ranks[name]] ??= []).push(name);
  return Array.from(layers, (layer) => layer ?? []);
}

function sortLayers(document, layers, forwards) {
  const order = layers.keys();
  for (const index of forwards ? order : [...order].reverse()) {
    const beside = layers[forwards ? index - 1 : index + 1] ?? [];
    const at = new Map(beside.map((name, place) => [name, place]));
    const weights = new Map(layers[index].map((name, place) => [name, barycentre(document, name, at, place)]));
    layers[index].sort((one, other) => weights.get(one) - weights.get(other));
  }
}

function barycentre(document, name, at, place) {
  const places = neighbours(document, name)
    .map((each) => at.get(each))
    .filter((each) => each !== undefined);
  return places.length ? mean(places) : place;
}

const neighbours = (document, name) => [
  ...sourcesOf(document, name),
  ...arrowsFrom(document, name).map((arrow) => arrow.target),
];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Each node at the height of those before it, as far as those above leave room. */
function placed(document, layers, heights) {
  const positions = {};
  layers.forEach((layer, rank) => {
    let free = -Infinity;
    for (const name of layer) {
      const before = sourcesOf(document, name).filter((source) => positions[source]);
      const wanted = before.length ? mean(before.map((source) => positions[source].y)) : free === -Infinity ? 0 : free;
      const y = snapped(Math.max(wanted, free));
      positions[name] = { x: ORIGIN + snapped(rank * COLUMN), y };
      free = y + Math.max(ROW, (heights[name] ?? NODE_HEIGHT) + ROW - NODE_HEIGHT);
    }
    centreLayer(document, layer, positions);
  });
  return fromTop(positions);
}

/** A branch fans out to both sides of the node that it leaves. */
function centreLayer(document, layer, positions) {
  const before = layer.flatMap((name) => sourcesOf(document, name)).filter((source) => positions[source]);
  if (!before.length || layer.length < 2) return;
  const middle = mean([...new Set(before)].map((source) => positions[source].y));
  const shift = snapped(middle - mean(layer.map((name) => positions[name].y)));
  for (const name of layer) positions[name].y += shift;
}

function fromTop(positions) {
  const top = Math.min(...Object.values(positions).map((each) => each.y));
  for (const each of Object.values(positions)) each.y += ORIGIN - top;
  return positions;
}
