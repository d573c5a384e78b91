// What an empty canvas says, and the drawings to begin with.

import { button, h, icon } from "./dom.js";
import { starters } from "./starters.js";

export function makeEmpty(element, { store, editing, drawing, types }) {
  const show = () => {
    element.hidden = store.document.activities.length > 0;
  };
  const begin = (definition) => {
    const known = definition.activities.filter((each) => types[each.type]);
    const filled = known.map((each) => ({ ...each, config: { ...structuredClone(types[each.type].defaults), ...each.config } }));
    store.change({ activities: filled, transitions: definition.transitions });
    drawing.draw();
    drawing.fit();
  };
  const choices = starters().map(({ code, label, definition }) =>
    button({ label, class: "button", "data-starter": code }, () => begin(definition)),
  );
  const fill = () => {
    const text = editing.mayChange ? gettext("Drag an activity here, or start from:") : gettext("Nothing is drawn yet.");
    element.replaceChildren(icon("workflow"), h("p", {}, text), ...(editing.mayChange ? [h("div", { class: "chips" }, ...choices)] : []));
  };
  editing.addEventListener("change", fill);
  fill();
  store.addEventListener("change", show);
  show();
}
