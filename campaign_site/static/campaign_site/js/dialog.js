/**
 * Shows the page behind a link `a[data-dialog]` as a dialog over this one: its element `#dialog`.
 *
 * Its form is posted as on its own page. Where the page can't be had, the link is simply followed.
 */

export function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.defaultPrevented || opensElsewhere(event)) return;
    event.preventDefault();
    openAddress(link.href);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("input[data-button]")) renameButton(event.target);
  });
}

/** @param {string} address of a page that has `#dialog` */
export async function openAddress(address) {
  const content = await contentOf(address);
  if (content) openContent(content);
  else window.location.assign(address);
}

/**
 * A modal dialog around `content`, gone when it closes. Focus goes to the safe way out, `[data-close]`, or to the
 * element marked `autofocus`.
 *
 * @param {HTMLElement} content
 * @returns {HTMLDialogElement}
 */
export function openContent(content) {
  const dialog = document.createElement("dialog");
  dialog.className = "veil";
  dialog.append(content);
  name(dialog, content);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    const leaves = event.target === dialog || event.target.closest("[data-close]");
    if (!leaves) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  const first = content.querySelector("[autofocus]") ?? content.querySelector("[data-close]");
  first?.focus();
  return dialog;
}

async function contentOf(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    // A redirect means that there is nothing to ask any more, or that the session has ended.
    if (!response.ok || response.redirected) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const content = page.getElementById("dialog");
    return content && document.adoptNode(content);
  } catch {
    return null;
  }
}

function name(dialog, content) {
  const title = content.querySelector("h1, h2");
  if (!title) return;
  title.id ||= "dialog-title";
  dialog.setAttribute("aria-labelledby", title.id);
}

function renameButton(radio) {
  const button = radio.form?.querySelector("button[type=submit]:not([formmethod=dialog])");
  if (button && radio.checked) button.textContent = radio.dataset.button;
}

function opensElsewhere(event) {
  return event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
}
