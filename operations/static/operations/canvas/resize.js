// The edge of the panel or of the log: dragged, or moved with the arrow keys. What was chosen is remembered.

const STEP = 20;

/**
 * @param {HTMLElement} edge
 * @param {{label: string, name: "panel-width"|"log-height", smallest: number, largest: number, usual: number, grow: (event: PointerEvent) => number, keys: [string, string]}} how
 *   `grow` reads the size from a pointer; `keys` are those that make it larger and smaller.
 */
export function makeEdge(edge, { label, name, smallest, largest, usual, grow, keys }) {
  const kept = `diffusion.canvas.${name}`;
  const isUpright = name === "panel-width";
  let size = usual;
  const set = (next) => {
    size = Math.round(Math.min(largest, Math.max(smallest, next)));
    document.documentElement.style.setProperty(`--${name}`, `${size}px`);
    edge.setAttribute("aria-valuenow", String(size));
    localStorage.setItem(kept, String(size));
  };
  const attributes = { role: "separator", tabindex: 0, "aria-label": label, "aria-orientation": isUpright ? "vertical" : "horizontal" };
  const limits = { "aria-valuemin": smallest, "aria-valuemax": largest };
  for (const [attribute, value] of Object.entries({ ...attributes, ...limits })) edge.setAttribute(attribute, value);
  edge.addEventListener("pointerdown", (event) => edge.setPointerCapture(event.pointerId));
  edge.addEventListener("pointermove", (event) => edge.hasPointerCapture(event.pointerId) && set(grow(event)));
  edge.addEventListener("dblclick", () => set(usual));
  edge.addEventListener("keydown", (event) => {
    const way = { [keys[0]]: 1, [keys[1]]: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    set(size + way * STEP);
  });
  set(Number(localStorage.getItem(kept)) || usual);
}

export function makeEdges(panelEdge, logEdge, logElement) {
  const fromRight = (event) => window.innerWidth - event.clientX;
  const fromBelow = (event) => logElement.getBoundingClientRect().bottom - event.clientY - 38;
  const panel = { label: gettext("Width of the panel"), smallest: 300, largest: 760, usual: 372, grow: fromRight };
  makeEdge(panelEdge, { ...panel, name: "panel-width", keys: ["ArrowLeft", "ArrowRight"] });
  const log = { label: gettext("Height of the log"), smallest: 80, largest: 520, usual: 166, grow: fromBelow };
  makeEdge(logEdge, { ...log, name: "log-height", keys: ["ArrowUp", "ArrowDown"] });
}
