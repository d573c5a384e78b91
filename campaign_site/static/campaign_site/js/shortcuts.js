/**
 * Keys: `/` search, `g` and a letter to a section, `?` the list of keys, `1` to `9` tabs, `j k x Enter` in lists,
 * `f` filters, and the letters that a page gives its buttons by `data-shortcut`.
 *
 * Single keys are off where the user said so (`<body data-shortcuts="off">`), while something is written, and while a
 * dialog is open.
 */

import { openContent } from "./dialog.js";
import { labelOf } from "./label.js";

const GOES_FOR = 1500;
const WRITING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";
const ROWS = "#result_list tbody tr, table[data-rows] tbody tr";

let isGoing = false;

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isElsewhere(event.target)) return;
    const act = isGoing ? going(event.key) : single(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function isElsewhere(target) {
  if (document.body.dataset.shortcuts === "off") return true;
  return Boolean(target.closest?.(WRITING)) || Boolean(document.querySelector("dialog[open]"));
}

function going(key) {
  isGoing = false;
  const link = document.querySelector(`nav a[data-key="${CSS.escape(key)}"]`);
  return link && (() => link.click());
}

function single(key) {
  const own = document.querySelector(`[data-shortcut="${CSS.escape(key)}"]:not([aria-disabled=true], [disabled])`);
  if (own) return () => own.click();
  if (/^[1-9]$/.test(key)) return tab(Number(key) - 1);
  return { "/": search, "?": showKeys, g: waitForLetter, j: () => move(1), k: () => move(-1), x: tick, f: filters }[key];
}

function waitForLetter() {
  isGoing = true;
  window.setTimeout(() => {
    isGoing = false;
  }, GOES_FOR);
}

function search() {
  const field = document.querySelector("#searchbar, main input[type=search]");
  if (field) field.focus();
  else document.querySelector("[data-palette]")?.click();
}

function tab(place) {
  const link = document.querySelectorAll(".tabs a")[place];
  return link && (() => link.click());
}

function rows() {
  return [...document.querySelectorAll(ROWS)].filter((row) => linkOf(row));
}

/** The link of a row is what Enter opens: the row that has the focus is the current one. */
function linkOf(row) {
  return row.querySelector("th a[href], td a[href]");
}

function current() {
  return document.activeElement.closest(ROWS);
}

function move(step) {
  const all = rows();
  const here = all.indexOf(current());
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1);
  if (all.length) linkOf(all[next]).focus();
}

function tick() {
  current()?.querySelector("input.action-select")?.click();
}

function filters() {
  const button = [...document.querySelectorAll("[data-sheet]")].find((found) => found.checkVisibility());
  if (button) button.click();
  else document.querySelector("#changelist-filter :is(a[href], summary, input, button)")?.focus();
}

function showKeys() {
  const content = document.createElement("div");
  content.className = "dlg keys";
  const title = document.createElement("h2");
  title.textContent = gettext("Keyboard shortcuts");
  const list = document.createElement("dl");
  for (const [keys, meaning] of known()) list.append(...entry(keys, meaning));
  const row = document.createElement("div");
  row.className = "submit-row";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: gettext("Close") });
  button.dataset.close = "";
  row.append(button);
  content.append(title, list, row);
  openContent(content);
}

/** Those that do something on this page. */
function known() {
  const keys = [["Ctrl K", gettext("Search or go to")]];
  if (document.querySelector("#searchbar, main input[type=search]")) keys.push(["/", gettext("Search in this list")]);
  const places = new Map([...document.querySelectorAll("nav a[data-key]")].map((link) => [link.dataset.key, link]));
  for (const [key, link] of places) if (key) keys.push([`g ${key}`, labelOf(link)]);
  for (const button of document.querySelectorAll("[data-shortcut]")) keys.push([button.dataset.shortcut, labelOf(button)]);
  if (document.querySelector(".tabs a")) keys.push(["1 – 9", gettext("Tabs, from left to right")]);
  if (rows().length) {
    keys.push(["j k", gettext("Next and previous row")], ["Enter", gettext("Open the row")]);
    if (document.querySelector("input.action-select")) keys.push(["x", gettext("Select the row")]);
  }
  if (document.querySelector("#changelist-filter, [data-sheet]")) keys.push(["f", gettext("Filters")]);
  return [...keys, ["?", gettext("This list")], ["Esc", gettext("Close what is on top")]];
}

function entry(keys, meaning) {
  const term = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    term.append(cap, " ");
  }
  const explanation = document.createElement("dd");
  explanation.textContent = meaning;
  return [term, explanation];
}
