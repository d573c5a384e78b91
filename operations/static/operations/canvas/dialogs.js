// Questions in a native dialog: Escape and the first button are the safe way out.

import { button, h } from "./dom.js";

/**
 * Ask; answers the `value` of the chosen button, or null for the safe way out.
 * @param {{title: string, body: (Node|string)[], safe: string, choices: {label: string, value: any, class?: string}[]}} question
 */
export function ask({ title, body, safe, choices, wide = false }) {
  return new Promise((resolve) => {
    const dialog = shell(title, body, wide);
    const answer = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const away = button({ label: safe, autofocus: true }, () => answer(null));
    const others = choices.map((choice) =>
      button({ label: choice.label, class: `button ${choice.class ?? ""}` }, () => answer(choice.value)),
    );
    dialog.firstChild.append(h("footer", {}, away, h("span", { class: "grow" }), ...others));
    dialog.addEventListener("cancel", (event) => (event.preventDefault(), answer(null)));
    document.body.append(dialog);
    dialog.showModal();
    away.focus();
  });
}

/** Choose one of many with a search field; answers the value or null. Options: `[{value, label, hint, icon}]`. */
export function pick({ title, options }) {
  return new Promise((resolve) => {
    const list = h("ul", { class: "picks", role: "listbox", "aria-label": title });
    const search = h("input", { type: "search", class: "input", "aria-label": gettext("Find"), placeholder: gettext("Find") });
    const dialog = shell(title, [search, list]);
    const answer = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const show = () => list.replaceChildren(...found(options, search.value).map((option) => pickRow(option, answer)));
    search.addEventListener("input", show);
    dialog.addEventListener("keydown", (event) => walk(event, search, list));
    dialog.addEventListener("cancel", (event) => (event.preventDefault(), answer(null)));
    dialog.firstChild.append(h("footer", {}, button({ label: gettext("Close") }, () => answer(null))));
    show();
    document.body.append(dialog);
    dialog.showModal();
    search.focus();
  });
}

function pickRow(option, answer) {
  const choose = button({ icon: option.icon, label: option.label, class: "pick", role: "option" }, () => answer(option.value));
  if (option.hint) choose.append(h("small", {}, option.hint));
  return h("li", { role: "presentation" }, choose);
}

function walk(event, search, list) {
  const rows = [...list.querySelectorAll("button")];
  const at = rows.indexOf(document.activeElement);
  if (event.key === "ArrowDown") rows[Math.min(at + 1, rows.length - 1)]?.focus();
  else if (event.key === "ArrowUp") (rows[at - 1] ?? search).focus();
  else if (event.key === "Enter" && document.activeElement === search) rows[0]?.click();
  else return;
  event.preventDefault();
}

/** The options whose label or hint has every word, accents aside; those that begin with them first. */
export function found(options, words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const matching = options.filter((option) => {
    const text = plain(`${option.label} ${option.hint ?? ""}`);
    return wanted.every((word) => text.includes(word));
  });
  const distance = ({ label }) => (wanted.length ? [plain(words), ""].findIndex((each) => plain(label).startsWith(each)) : 0);
  return matching.sort((one, other) => distance(one) - distance(other));
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function shell(title, body, wide = false) {
  const head = h("h2", { id: "canvas-dialog-title" }, title);
  const content = h("div", { class: "dlg-body" }, ...body);
  const box = h("div", { class: `dlg ${wide ? "wide" : ""}` }, head, content);
  return h("dialog", { class: "veil", "aria-labelledby": "canvas-dialog-title" }, box);
}

