// The page of a workflow's drawing: makes the parts and ties them together.

import { Api } from "./api.js";
import { Clipboard } from "./clipboard.js";
import { makeCommands } from "./commands.js";
import { Conflict } from "./conflict.js";
import { byName, keyOf } from "./document.js";
import { h, note, useZone } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Editing } from "./editing.js";
import { makeEmpty } from "./empty.js";
import { Exchange } from "./exchange.js";
import { Facts } from "./facts.js";
import { Faults } from "./faults.js";
import { Keyboard } from "./keyboard.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { Minimap } from "./minimap.js";
import { Palette } from "./palette.js";
import { Panel } from "./panel.js";
import { showPeople } from "./people.js";
import { Pointer } from "./pointer.js";
import { Rehearsal } from "./rehearsal.js";
import { makeEdges } from "./resize.js";
import { Runs } from "./runs.js";
import { Selection } from "./selection.js";
import { Store } from "./store.js";
import { Toolbar } from "./toolbar.js";
import { Versions } from "./versions.js";
import { makeZoomBar } from "./zoombar.js";

const region = (name) => document.getElementById(`canvas-${name}`);

/** A region of ours over the drawing, or beside it. */
function made(name, parent, attributes = {}) {
  return region(name) ?? parent.appendChild(h("div", { id: `canvas-${name}`, ...attributes }));
}

function start(data) {
  useZone(data.workflow.zone);
  const types = Object.fromEntries(data.types.map((type) => [type.code, type]));
  const labels = (name) => byName(store.document, name)?.label || name;
  const paper = region("paper");
  const marks = { nodes: {}, links: {}, set: (next) => (Object.assign(marks, next), drawing.schedule()) };
  // The list of a narrow screen only shows.
  const mayChange = data.may.change && !window.matchMedia("(max-width: 760px)").matches;

  const api = new Api(data.urls, data.csrf);
  const store = new Store(data.definition);
  const selection = new Selection();
  const facts = new Facts({ api, store, types });
  const live = new Live({ api, labels });
  const drawing = new Drawing(paper, { store, selection, types, facts, live, marks, faults: () => faults });
  const editing = new Editing({ store, selection, types, facts, drawing, live, isAllowed: mayChange });
  const clipboard = new Clipboard({ store, selection, editing });
  const log = new Log(region("log"), { api, live, selection, labels, open: (name) => panel.open(name) });
  const versions = new Versions(made("versions", paper.parentElement, { hidden: true, class: "canvas-over" }), { api, store, editing, marks, drawing, types });
  const exchange = new Exchange({ api, store, drawing });
  const banners = region("banners");
  const open = (name) => panel.open(name, { focus: true });
  const faults = new Faults(banners.appendChild(h("div")), { api, store, initial: data.faults, open });
  const conflict = new Conflict(banners.appendChild(h("div")), { api, store, live, editing, types, versions, commands: () => commands });
  const panel = new Panel(region("panel"), {
    ...{ store, selection, editing, facts, faults, live, types, api, drawing },
    mayRun: data.may.run,
    context: { urls: data.urls, columns: data.fields.columns, zone: data.workflow.zone },
    restart: (name) => commands.restart(name),
    showLog: (name) => log.show(name),
  });
  const rehearsal = new Rehearsal(made("rehearsal", paper.parentElement, { hidden: true }), {
    ...{ api, live, store, drawing },
    mayRun: data.may.run,
    banner: banners.appendChild(h("div")),
  });
  const commands = makeCommands({ api, store, live, facts, drawing, editing, panel, conflict, versions, exchange, log, rehearsal });
  const palette = new Palette(region("palette"), { types: data.types, categories: data.categories, drawing, editing, open: commands.open });
  new Toolbar(region("toolbar"), { store, live, data, commands, editing });
  new Keyboard({ store, selection, editing, drawing, palette, clipboard, types, commands });
  new Pointer({ drawing, selection, editing, store, types, open: commands.open, openLink: (key) => openLink(key) });
  new Runs(region("runs"), { live });
  new Minimap(region("minimap"), { drawing, store, live });
  new List(made("list", paper.parentElement), { store, live, types, open });
  makeZoomBar(region("zoom"), drawing);
  makeEdges(region("panel-edge"), region("log-edge"), region("log"));
  makeEmpty(made("empty", paper.parentElement, { class: "canvas-over" }), { store, editing, drawing, types });

  function openLink(key) {
    const arrow = store.document.transitions.find((each) => keyOf(each) === key);
    const population = arrow && live.task(arrow.source)?.populations?.[arrow.outlet];
    const title = arrow && `${labels(arrow.source)} → ${labels(arrow.target)}`;
    if (population) showPeople({ api, population, title });
  }

  for (const part of [store, selection, facts, faults, live]) part.addEventListener("change", () => drawing.schedule());
  announce(live);
  showEngine(live, banners.appendChild(h("div")));
  askBeforeLeaving(store);
  drawing.draw();
  drawing.fit();
  facts.check();
  // Its first answer may bring a banner, which moves everything below it.
  live.refresh().finally(() => requestAnimationFrame(() => document.body.classList.add("canvas-ready")));
}

function announce(live) {
  live.addEventListener("moved", ({ detail }) => (region("live").textContent = detail.join(". ")));
}

function showEngine(live, element) {
  const say = (...parts) => element.replaceChildren(...parts);
  live.addEventListener("lost", () => say(note("warn", gettext("Connection lost"), gettext("The figures are the last ones known."))));
  live.addEventListener("change", () => {
    const { engine } = live.state;
    if (engine.alive) return say();
    const text = gettext("Nothing moves until a worker runs. Start it with this command:");
    return say(note("warn", gettext("The engine is not running"), text, h("code", { class: "copy" }, engine.command)));
  });
}

function askBeforeLeaving(store) {
  window.addEventListener("beforeunload", (event) => {
    if (store.isDirty) event.preventDefault();
  });
}

start(JSON.parse(document.getElementById("canvas-data").textContent));
