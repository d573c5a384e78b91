// What the bar and the keys order: save, start, tidy up, export…

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { laidOut } from "./layout.js";
import { openAddress } from "../../campaign_site/js/dialog.js";
import { toast } from "../../campaign_site/js/toast.js";

export function makeCommands(parts) {
  const { api, store, live, facts, drawing, editing, panel, conflict, versions, exchange, log, rehearsal } = parts;
  let isSaving = false;

  async function save() {
    if (!editing.mayChange || isSaving || !store.isDirty) return false;
    isSaving = true;
    const refused = await put(store.document, store.version);
    isSaving = false;
    // Afterwards: the answer to the question may be to save again.
    if (refused?.status === 409) await conflict.resolve();
    else if (refused) showRefusal(refused);
    return !refused;
  }

  /** Save over the version that the reader has been shown. */
  async function saveAt(version) {
    const refused = await put(store.document, version);
    if (refused?.status === 409) await conflict.resolve();
    else if (refused) showRefusal(refused);
  }

  /** Answers why it was refused, or null. */
  async function put(document, version) {
    try {
      const saved = await api.saveDefinition({ ...strippedOf(document), version });
      store.markSaved(document, saved.version);
      facts.forget();
      toast(gettext("Saved."), { tone: "success" });
      live.refresh();
      return null;
    } catch (error) {
      return error;
    }
  }

  function showRefusal(error) {
    const [name] = Object.keys(error.fields);
    const activity = name?.startsWith("activities.") ? name.split(".")[1] : name;
    const known = store.document.activities.some((each) => each.name === activity);
    const action = known ? { label: gettext("See"), run: () => panel.open(activity, { focus: true }) } : undefined;
    toast(error.message, { tone: "error", action });
  }

  async function act(name, url, values) {
    if (name !== "stop" && store.isDirty && !(await saveFirst())) return;
    try {
      await api.act(url, values);
      live.run = "";
      await live.refresh();
    } catch (error) {
      toast(error.message, { tone: "error" });
    }
  }

  /** The page of the question, as a dialog; its answer is sent from here, and the drawing stays. */
  async function askAndAct(name, url) {
    if (name === "run_now" && store.isDirty && !(await saveFirst())) return;
    await openAddress(url);
    const dialog = document.querySelector("dialog.veil[open]");
    dialog?.querySelector("form")?.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(event.target));
      dialog.close();
      act(name, url, values);
    });
  }

  async function saveFirst() {
    const body = [h("p", {}, gettext("The server knows only what is saved. Save the changes before?"))];
    const choices = [{ label: gettext("Save and go on"), value: true, class: "primary" }];
    const isWanted = await ask({ title: gettext("The drawing has changes"), body, safe: gettext("Go back"), choices });
    return isWanted ? save() : false;
  }

  async function restart(task) {
    try {
      live.take(await api.post(api.urls.restart, { run: live.state.run.id, task }));
    } catch (error) {
      toast(error.message, { tone: "error" });
    }
  }

  function layOut() {
    const heights = Object.fromEntries(drawing.graph.getElements().map((node) => [node.id, node.size().height]));
    editing.move(laidOut(store.document, heights));
    drawing.draw();
    drawing.fit();
  }

  function open(name, options) {
    panel.open(name, options);
  }

  /** Close what lies on top; answers whether anything did. */
  function closeLayer() {
    return rehearsal.close() || versions.close() || log.close();
  }

  function rehearse() {
    versions.close();
    rehearsal.open();
  }

  return {
    save,
    saveAt,
    act,
    askAndAct,
    restart,
    rehearse,
    layOut,
    open,
    closeLayer,
    showVersions: () => versions.open(),
    exportFile: () => exchange.exportFile(),
    importFile: () => exchange.importFile(),
    showKeys,
  };
}

/** Only what a definition may hold. */
export function strippedOf({ activities, transitions }) {
  return {
    activities: activities.map(({ name, type, label, x, y, config }) => ({ name, type, label, x, y, config })),
    transitions: transitions.map(({ source, outlet, target }) => ({ source, outlet, target })),
  };
}

function showKeys() {
  const keys = [
    ["← → ↑ ↓", gettext("Follow the transitions")],
    ["Enter", gettext("Open the panel")],
    ["N", gettext("Add an activity after")],
    ["C", gettext("Connect to…")],
    ["Delete", gettext("Remove")],
    ["Alt + ← → ↑ ↓", gettext("Move the activity")],
    ["Ctrl + A / C / V / D", gettext("Select all, copy, paste, duplicate")],
    ["Ctrl + Z / Ctrl + Shift + Z", gettext("Undo, redo")],
    ["Ctrl + S", gettext("Save")],
    ["+ − 0", gettext("Zoom in, out, fit")],
    [gettext("Space + drag"), gettext("Move the drawing")],
    [gettext("Shift + drag"), gettext("Select several")],
    ["/", gettext("Find an activity")],
  ];
  const rows = keys.map(([key, does]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, does)));
  ask({ title: gettext("Keys"), body: [h("table", { class: "tb dense" }, h("tbody", {}, ...rows))], safe: gettext("Close"), choices: [] });
}
