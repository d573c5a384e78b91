// The controls that the rules of a schedule are made with. Text is always set as text.

let number = 0;

/** @param {string} tag @param {Record<string, any>} [attributes] `on…` are handlers @param {...(Node|string)} children */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function labelled(text, control) {
  control.id ||= `schedule-control-${(number += 1)}`;
  return make("span", { class: "schedule-control" }, make("label", { for: control.id }, text), control);
}

/** @param {Array<[any, string]>} options */
export function choice(options, value, onChange, label) {
  const select = make("select", { onchange: () => onChange(options[select.selectedIndex][0]) });
  if (label) select.setAttribute("aria-label", label);
  select.append(...options.map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  return select;
}

/** A number that stays between its bounds. */
export function count(value, { min, max, label }, onChange) {
  const input = make("input", {
    type: "number",
    min,
    max,
    value,
    "aria-label": label,
    onchange: () => {
      input.value = Math.min(max, Math.max(min, Math.round(Number(input.value)) || min));
      onChange(Number(input.value));
    },
  });
  return input;
}

/** Boxes to tick, at least one unless `mayBeEmpty`. */
export function ticks(options, chosen, { legend, mayBeEmpty = false, className = "" }, onChange) {
  const set = new Set(chosen);
  const boxes = options.map(([key, text]) => {
    const box = make("input", {
      type: "checkbox",
      checked: set.has(key),
      onchange: () => {
        if (box.checked) set.add(key);
        else if (set.size > 1 || mayBeEmpty) set.delete(key);
        else box.checked = true;
        onChange([...set].sort((one, other) => one - other));
      },
    });
    return make("label", { class: "schedule-tick" }, box, make("span", {}, text));
  });
  return make("fieldset", { class: `schedule-ticks ${className}` }, make("legend", {}, legend), ...boxes);
}

export function time(value, onChange) {
  const input = make("input", {
    type: "time",
    value,
    required: true,
    onchange: () => input.value && onChange(input.value.slice(0, 5)),
  });
  return labelled(gettext("At"), input);
}
