/** Names the fields that Django's own widgets leave without one: date and time pairs, search boxes, rows of a table. */

export function start() {
  window.addEventListener("load", () => nameAll(document));
  // Search boxes are made after that, and again in each row that is added.
  const watch = new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.some((node) => node.matches?.(".select2, .form-row"))) nameAll(document);
  });
  for (const form of document.querySelectorAll("main form")) watch.observe(form, { childList: true, subtree: true });
}

function nameAll(root) {
  for (const field of root.querySelectorAll(".datetime input, .tabular td :is(input, select, textarea)")) {
    if (!field.labels?.length) give(field, columnOf(field) ?? rowOf(field));
  }
  for (const box of root.querySelectorAll(".select2-selection")) {
    const field = box.closest(".select2")?.previousElementSibling;
    const name = field && (field.labels?.[0]?.textContent ?? columnOf(field) ?? rowOf(field));
    give(box, name);
    give(box.querySelector("[role=textbox]"), name);
  }
  for (const hint of root.querySelectorAll("span.help-tooltip[aria-label]")) hint.setAttribute("role", "img");
}

function give(element, name) {
  if (element && name && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", plain(name));
}

function plain(name) {
  return name.trim().replace(/\s+/g, " ").replace(/\s*:$/, "");
}

function columnOf(field) {
  const cell = field.closest(".tabular td");
  if (!cell) return null;
  return cell.closest("table").querySelectorAll("thead th")[cell.cellIndex]?.textContent ?? null;
}

function rowOf(field) {
  return field.closest(".form-row, .fieldBox")?.querySelector("label, legend")?.textContent ?? null;
}
