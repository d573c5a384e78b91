/** The editor's questions to the server. */

/** A refusal: `fields` says what is wrong, by place ("all.0.value"). */
export class Refusal extends Error {
  constructor(status, body) {
    super(body.detail || gettext("The server did not answer."));
    this.status = status;
    this.fields = body.fields || {};
  }
}

function token() {
  const field = document.querySelector("[name=csrfmiddlewaretoken]");
  if (field) return field.value;
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, body);
  return body;
}

/** @returns {Promise<Object>} the answer; throws Refusal, or AbortError when `signal` says so */
export async function post(url, body, signal) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token(), Accept: "application/json" };
  return read(await fetch(url, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(body), signal }));
}

export async function get(url, parameters = {}, signal) {
  const address = new URL(url, window.location.href);
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return read(await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" }, signal }));
}

const catalogues = new Map();
/** The catalogue is asked for once per page. */
export function catalogueOf(url) {
  if (!catalogues.has(url)) {
    const asked = get(url);
    asked.catch(() => catalogues.delete(url));
    catalogues.set(url, asked);
  }
  return catalogues.get(url);
}

const names = new Map();
/** The label of the row that a number names; its number when there is none. */
export async function labelOf(urls, source, number) {
  const key = `${source}:${number}`;
  if (!names.has(key)) {
    const answer = await get(urls.values, { source, ids: number });
    const found = answer.values.find((entry) => entry.value === number);
    names.set(key, found ? found.label : null);
  }
  return names.get(key) ?? interpolate(gettext("no. %(number)s (missing)"), { number }, true);
}
