/** The words on a link or button, without its icon and without the figure beside them. */

const FIGURES = ".n, .count, .visually-hidden, kbd";

/**
 * @param {Element} element
 * @returns {string}
 */
export function labelOf(element) {
  const nodes = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE || node.localName === "span");
  const words = nodes.filter((node) => !node.matches?.(FIGURES));
  const text = words.map((node) => node.textContent).join(" ").trim();
  return text || element.getAttribute("aria-label") || element.title || "";
}
