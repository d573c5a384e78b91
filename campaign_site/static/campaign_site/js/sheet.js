/** On a narrow screen the filters of a list lie behind a button, `[data-sheet="id"]`, and open as a sheet. */

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sheet]");
    const content = button && document.getElementById(button.dataset.sheet);
    if (content) open(content);
  });
}

/** The filters themselves move into the dialog, and back when it closes. */
function open(content) {
  const mark = document.createComment("sheet");
  const dialog = document.createElement("dialog");
  dialog.className = "sheet";
  dialog.setAttribute("aria-label", gettext("Filters"));
  content.before(mark);
  dialog.append(content, closeButton());
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    mark.replaceWith(content);
    dialog.remove();
  });
  dialog.showModal();
}

function closeButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.dataset.close = "";
  button.textContent = gettext("Close");
  return button;
}
