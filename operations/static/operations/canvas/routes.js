// The way of a transition: along, across, along. It goes across where it runs behind no node, if there is such a place.

import { NODE_HEIGHT, NODE_WIDTH } from "./document.js";

const STEM = 24;
const CLEAR = 8;
const { routers } = window.joint;

/** A router of joint: the bends between the two ports. */
export function route(vertices, options, view) {
  const [from, to] = [view.sourceAnchor, view.targetAnchor];
  // Back to the left: around the nodes.
  if (to.x - from.x < 2 * STEM) return routers.rightAngle(vertices, { ...options, ...AROUND }, view);
  if (Math.abs(to.y - from.y) < 1) return [];
  const places = [from.x + STEM, to.x - STEM, (from.x + to.x) / 2];
  const boxes = view.paper.model.getElements().map((node) => node.position());
  const x = places.find((each) => bends(from, to, each).every((line) => isClear(line, boxes))) ?? places[2];
  return [
    { x, y: from.y },
    { x, y: to.y },
  ];
}

const AROUND = { margin: 22, sourceDirection: "right", targetDirection: "left" };

const bends = (from, to, x) => [
  { left: from.x + 1, right: x, top: from.y, bottom: from.y },
  { left: x, right: x, top: Math.min(from.y, to.y), bottom: Math.max(from.y, to.y) },
  { left: x, right: to.x - 1, top: to.y, bottom: to.y },
];

const isClear = (line, boxes) =>
  !boxes.some(
    ({ x, y }) =>
      line.left < x + NODE_WIDTH + CLEAR &&
      line.right > x - CLEAR &&
      line.top < y + NODE_HEIGHT + CLEAR &&
      line.bottom > y - CLEAR &&
      !(line.top === line.bottom && (x + NODE_WIDTH <= line.left || x >= line.right)),
  );
