/** Menus, `<details class="menu">`: one open at a time, closed by a click elsewhere or Esc, walked with the arrows. */

const ITEMS = "a[href], button:not([disabled]), input:not([type=hidden], [disabled])";

export function start() {
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu");
    if (menu) onKey(event, menu);
  });
}

function openMenus() {
  return document.querySelectorAll("details.menu[open]");
}

function onKey(event, menu) {
  if (event.key === "Escape" && menu.open) {
    event.preventDefault();
    close(menu);
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const isWriting = event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
  if (!step || isWriting) return;
  event.preventDefault();
  menu.open = true;
  go(menu, step);
}

function go(menu, step) {
  const items = [...menu.querySelectorAll(ITEMS)].filter((item) => !item.closest("summary"));
  const here = items.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : items.length - 1) : (here + step + items.length) % items.length;
  items[next]?.focus();
}

function close(menu) {
  menu.open = false;
  menu.querySelector("summary")?.focus();
}
