/** Icons of the sprite, for what scripts draw. */

const SPRITE = new URL("../icons.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name of a shape in `icons.svg`
 * @returns {SVGElement} decorative: what it stands for is said beside it
 */
export function svgIcon(name) {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", "i");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  icon.append(use);
  return icon;
}
