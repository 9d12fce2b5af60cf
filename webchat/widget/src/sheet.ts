/** sheet puts styles into a shadow root without an inline style, which the host's policy could forbid. */
export function sheet(root: ShadowRoot, css: string): void {
  const s = new CSSStyleSheet();
  s.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, s];
}
