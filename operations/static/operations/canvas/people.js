// Who went through a transition: a page of people at a time, the file and the full page.

import { numbered } from "./api.js";
import { button, h, icon, people } from "./dom.js";
import { openContent } from "../../campaign_site/js/dialog.js";
import { toast } from "../../campaign_site/js/toast.js";

/** @param {{api: object, population: number, title: string}} what */
export async function showPeople({ api, population, title }) {
  try {
    const first = await api.population(population);
    openContent(content(api, title, first, population));
  } catch (error) {
    toast(error.message, { tone: "error" });
  }
}

function content(api, title, first, population) {
  const body = h("tbody");
  const more = button({ label: gettext("Show more"), class: "button small" }, () => next());
  let address = first.next;
  const show = (page) => {
    body.append(...page.people.map((person) => row(person)));
    address = page.next;
    more.hidden = !address;
  };
  const next = async () => show(await api.get(address));
  show(first);
  const heads = [gettext("Person"), gettext("Email"), ""].map((text) => h("th", { scope: "col" }, text));
  return h(
    "div",
    { class: "dlg wide people" },
    h("h2", {}, title),
    h("p", {}, people(first.count)),
    h("div", { class: "dlg-body" }, h("table", { class: "tb dense" }, h("thead", {}, h("tr", {}, ...heads)), body), more),
    footer(first, numbered(api.urls.population, population)),
  );
}

function row({ label, email, url, why }) {
  const reason = why ? h("a", { href: why }, gettext("Why?")) : "";
  return h("tr", {}, h("td", {}, url ? h("a", { href: url }, label) : label), h("td", {}, email), h("td", {}, reason));
}

function footer({ csv }, page) {
  return h(
    "footer",
    {},
    h("button", { type: "button", class: "button", "data-close": true }, gettext("Close")),
    csv ? h("a", { class: "button", href: csv }, icon("download"), gettext("Download CSV")) : null,
    page ? h("a", { class: "button", href: page }, icon("external-link"), gettext("Full page")) : null,
  );
}
