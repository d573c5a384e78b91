// Zoom out, in, fit; and how large things are.

import { button, h } from "./dom.js";

export function makeZoomBar(element, drawing) {
  const shown = h("output", { class: "zoom-value", "aria-label": gettext("Zoom") });
  const show = () => (shown.textContent = `${Math.round(drawing.scale * 100)}%`);
  const small = "button small ghost";
  element.replaceChildren(
    button({ icon: "zoom-out", title: gettext("Zoom out"), class: small }, () => drawing.zoom(drawing.scale / 1.2)),
    shown,
    button({ icon: "zoom-in", title: gettext("Zoom in"), class: small }, () => drawing.zoom(drawing.scale * 1.2)),
    button({ icon: "maximize", title: gettext("Fit"), class: small }, () => drawing.fit()),
  );
  drawing.addEventListener("moved", show);
  show();
}
