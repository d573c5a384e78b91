/**
 * The bar of a list's selection: how many rows, and a button for each action with its number.
 *
 * The buttons set Django's own choice of action and post its form; its script counts and offers "select all".
 */

export function start() {
  const form = document.getElementById("changelist-form");
  const choice = form?.querySelector(".actions select[name=action]");
  if (!choice) return;
  const bar = choice.closest(".actions");
  const buttons = buttonsFor(choice, form);
  if (!buttons.length) return;
  bar.classList.add("bulk");
  bar.append(...buttons);
  for (const replaced of [choice.closest("label") ?? choice, bar.querySelector("button[name=index]")]) {
    if (replaced) replaced.hidden = true;
  }
  const update = () => show(form, bar, buttons);
  form.addEventListener("change", update);
  // Django's "select all" and "clear" are links.
  bar.addEventListener("click", () => window.setTimeout(update));
  update();
}

function buttonsFor(choice, form) {
  const options = [...choice.options].filter((option) => option.value);
  return options.map((option) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.dataset.label = option.textContent.trim();
    if (option.value === "delete_selected") button.classList.add("destructive");
    button.addEventListener("click", () => {
      choice.value = option.value;
      form.requestSubmit(form.querySelector("button[name=index]") ?? undefined);
    });
    return button;
  });
}

function show(form, bar, buttons) {
  const count = selected(form, bar);
  bar.hidden = count === 0;
  for (const button of buttons) button.textContent = named(button.dataset.label, count);
}

function named(action, count) {
  if (count === null) return action;
  const number = count.toLocaleString(document.documentElement.lang);
  return interpolate(gettext("%(action)s (%(count)s)"), { action, count: number }, true);
}

/** How many rows; null for all of a list that doesn't say how many it has (`data-total` on the bar). */
function selected(form, bar) {
  if (form.querySelector("input.select-across")?.value === "1") return Number(bar.dataset.total) || null;
  return form.querySelectorAll("input.action-select:checked").length;
}
