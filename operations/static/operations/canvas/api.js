// Requests to the server: JSON both ways, errors as ApiError.

export class ApiError extends Error {
  /** @param {number} status 0 when the server did not answer @param {any} body */
  constructor(status, body) {
    super(body?.detail ?? body?.error ?? interpolate(gettext("The server answered %(status)s."), { status }, true));
    this.status = status;
    this.body = body ?? {};
  }

  /** `{place: [text]}` of a refused document or configuration. */
  get fields() {
    return this.body.fields ?? {};
  }
}

export class Api {
  /** @param {Record<string, any>} urls @param {string} csrf */
  constructor(urls, csrf) {
    this.urls = urls;
    this.csrf = csrf;
  }

  get(url) {
    return this.#request(url, { method: "GET" });
  }

  post(url, body) {
    return this.#request(url, { method: "POST", body: JSON.stringify(body ?? {}) });
  }

  put(url, body) {
    return this.#request(url, { method: "PUT", body: JSON.stringify(body) });
  }

  upload(url, form) {
    return this.#request(url, { method: "POST", body: form });
  }

  saveDefinition(document) {
    return this.put(this.urls.definition, document);
  }

  /** Several activities at once: `{answers: {name: …}}`. */
  validate(activities) {
    return this.post(this.urls.validate, { activities });
  }

  faults(definition) {
    return this.post(this.urls.faults, definition);
  }

  state(run) {
    return this.get(withQuery(this.urls.state, { run }));
  }

  versions(before) {
    return this.get(withQuery(this.urls.versions, { before }));
  }

  version(number) {
    return this.get(numbered(this.urls.version, number));
  }

  population(id) {
    return this.get(withQuery(numbered(this.urls.population, id), { format: "json" }));
  }

  log(run, name) {
    return this.get(withQuery(this.urls.task_log, { run, name }));
  }

  /** Press a button of the workflow's page; the answer is a page, so only its success counts. */
  async act(url, values = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries(values)) form.append(name, value);
    return this.#request(url, { method: "POST", body: form, redirect: "manual" });
  }

  async #request(url, options) {
    const headers = { Accept: "application/json", "X-CSRFToken": this.csrf };
    if (typeof options.body === "string") headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(url, { credentials: "same-origin", ...options, headers });
    } catch {
      throw new ApiError(0, { detail: gettext("The server does not answer.") });
    }
    if (answer.type === "opaqueredirect") return null;
    const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
    const body = isJson ? await answer.json() : null;
    if (!answer.ok) throw new ApiError(answer.status, body);
    return body;
  }
}

/** The address made for the number 0, for another one. */
export function numbered(pattern, number) {
  return pattern.replace(/\/0\/(?!.*\/0\/)/, `/${number}/`);
}

export function withQuery(url, values) {
  const query = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, value ?? ""]));
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}
