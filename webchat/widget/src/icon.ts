// The icons, drawn: one path each, in a square of 24.

export const chat = "M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-5 4v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 9h8M8 13h5";
export const minimise = "M6 12h12";
export const back = "M14 6l-6 6 6 6";
export const send = "M5 12h13M12 6l6 6-6 6";
export const down = "M12 5v13M6 12l6 6 6-6";
export const clip = "M18 8l-8 8a2 2 0 0 1-4-4l8-8a4 4 0 0 1 6 6l-8 8";
export const bell = "M6 16V10a6 6 0 0 1 12 0v6l2 2H4zM10 21h4";

/** icon draws a path; it is hidden from assistive technology. */
export function icon(path: string): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.appendChild(document.createElementNS(ns, "path")).setAttribute("d", path);
  return svg;
}
