/** Asks before a form `[data-guard]` is left with changes that nobody saved. */

/** @type {Map<HTMLFormElement, string>} */
const saved = new Map();

export function start() {
  for (const form of document.querySelectorAll("form[data-guard]")) saved.set(form, contentOf(form));
  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented) saved.delete(event.target);
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged()) event.preventDefault();
  });
}

function isChanged() {
  return [...saved].some(([form, content]) => form.isConnected && contentOf(form) !== content);
}

function contentOf(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]);
  return JSON.stringify(entries);
}
