// The look of what sends files and of what fills forms.

import forms from "./forms.css";
import type { Tools } from "./types";
import uploads from "./uploads.css";

const styled = new WeakSet<Node>();

/** style gives it to a tree, once. */
export function style(root: Node, tools: Tools): void {
  if (!styled.has(root)) tools.sheet(root as ShadowRoot, forms + uploads);
  styled.add(root);
}
