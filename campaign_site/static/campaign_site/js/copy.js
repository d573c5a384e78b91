/** Copies a command (`.copy button`) or the text of another element (`button[data-copy="#id"]`), and says so. */

const SAID = 2000;

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy button, button[data-copy]");
    if (!button) return;
    event.preventDefault();
    const source = button.dataset.copy
      ? document.querySelector(button.dataset.copy)
      : button.closest(".copy").querySelector("code, pre, span");
    if (source) copy(source, button);
  });
}

async function copy(source, button) {
  const text = ("value" in source ? source.value : source.textContent).trim();
  if (await toClipboard(text, button)) say(button);
}

/** The clipboard is for secure pages only; elsewhere a field is selected and copied in the old way. */
async function toClipboard(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    button.after(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    button.focus();
    return isDone;
  }
}

function say(button) {
  if (button.dataset.copied) return;
  const content = [...button.childNodes];
  const label = button.getAttribute("aria-label");
  button.dataset.copied = "yes";
  button.setAttribute("aria-live", "polite");
  button.removeAttribute("aria-label");
  button.replaceChildren(gettext("Copied"));
  window.setTimeout(() => {
    delete button.dataset.copied;
    if (label) button.setAttribute("aria-label", label);
    button.replaceChildren(...content);
  }, SAID);
}
