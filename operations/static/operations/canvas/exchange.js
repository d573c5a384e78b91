// The definition as a file: out as YAML, in from a file or a pasted text, unsaved.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { toast } from "../../campaign_site/js/toast.js";

export class Exchange {
  /** @param {{api, store, drawing, facts}} parts */
  constructor(parts) {
    Object.assign(this, parts);
  }

  exportFile() {
    if (this.store.isDirty) toast(gettext("The file has what is saved, without the latest changes."), { tone: "warning" });
    window.location.assign(this.api.urls.export);
  }

  async importFile() {
    const file = h("input", { type: "file", class: "input", accept: ".yaml,.yml,text/yaml", "aria-label": gettext("File") });
    const text = h("textarea", { class: "input mono", rows: 8, "aria-label": gettext("Or paste the text") });
    const body = [
      h("p", {}, gettext("It takes the place of the drawing, and is saved only when you save.")),
      h("label", { class: "field" }, gettext("File"), file),
      h("label", { class: "field" }, gettext("Or paste the text"), text),
    ];
    const choices = [{ label: gettext("Put it on the canvas"), value: true, class: "primary" }];
    const isWanted = await ask({ title: gettext("Import a drawing"), body, safe: gettext("Go back"), choices });
    if (isWanted && (file.files.length || text.value.trim())) await this.#read(file.files[0], text.value);
  }

  async #read(file, yaml) {
    try {
      const { definition } = file ? await this.api.upload(this.api.urls.import, formWith(file)) : await this.api.post(this.api.urls.import, { yaml });
      const { activities, transitions, warnings = [] } = definition;
      this.store.change({ activities, transitions });
      this.drawing.draw();
      this.drawing.fit();
      toast([gettext("Imported: check it, then save."), ...warnings].join("\n"), { action: { label: gettext("Undo"), run: () => this.store.undo() } });
    } catch (error) {
      const places = Object.entries(error.fields ?? {}).map(([place, texts]) => `${place}: ${[texts].flat().join(" ")}`);
      toast([error.message, ...places].join("\n"), { tone: "error" });
    }
  }
}

function formWith(file) {
  const form = new FormData();
  form.append("file", file);
  return form;
}
