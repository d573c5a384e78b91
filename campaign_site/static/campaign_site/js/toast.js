/** What happened, said at the bottom left: Django's messages, and what scripts have to say. */

import { svgIcon } from "./icon.js";

const STAYS = 6000;
const ICONS = { success: "circle-check", warning: "triangle-alert", error: "octagon-x", info: "info" };

export function start() {
  const list = document.querySelector("ul.messagelist");
  if (!list) return;
  const entries = [...list.children];
  place().append(list);
  for (const entry of entries) become(entry, toneOf(entry));
}

/**
 * @param {string} text
 * @param {{tone?: "success"|"info"|"warning"|"error", action?: {label: string, run: () => void}}} [options]
 * @returns {HTMLElement} the toast, which `.remove()` takes away
 */
export function toast(text, { tone = "info", action } = {}) {
  const entry = document.createElement("li");
  entry.className = tone;
  entry.textContent = text;
  listOf(place()).append(entry);
  become(entry, tone);
  if (action) entry.querySelector(".close").before(actionButton(entry, action));
  return entry;
}

function place() {
  const found = document.querySelector(".toasts");
  if (found) return found;
  const made = document.createElement("div");
  made.className = "toasts";
  made.setAttribute("role", "status");
  document.body.append(made);
  return made;
}

function listOf(region) {
  const found = region.querySelector("ul");
  if (found) return found;
  const made = document.createElement("ul");
  made.className = "messagelist";
  region.append(made);
  return made;
}

function toneOf(entry) {
  return Object.keys(ICONS).find((tone) => entry.classList.contains(tone)) ?? "info";
}

function become(entry, tone) {
  const text = document.createElement("span");
  text.className = "sp";
  text.append(...[...entry.childNodes].filter((node) => node.localName !== "svg"));
  entry.classList.add("toast");
  entry.replaceChildren(svgIcon(ICONS[tone]), text, closeButton(entry));
  if (tone !== "error") leaveInTime(entry);
}

function closeButton(entry) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "close";
  button.setAttribute("aria-label", gettext("Close"));
  button.append(svgIcon("x"));
  button.addEventListener("click", () => entry.remove());
  return button;
}

function actionButton(entry, { label, run }) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", () => {
    entry.remove();
    run();
  });
  return button;
}

/** The time begins again after the pointer or the focus has left. */
function leaveInTime(entry) {
  let timer = 0;
  const wait = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => entry.remove(), STAYS);
  };
  const stay = () => window.clearTimeout(timer);
  for (const reason of ["mouseenter", "focusin"]) entry.addEventListener(reason, stay);
  for (const reason of ["mouseleave", "focusout"]) {
    entry.addEventListener(reason, () => {
      if (!entry.matches(":hover, :focus-within")) wait();
    });
  }
  wait();
}
