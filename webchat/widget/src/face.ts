// The clerk's picture. It is drawn, for a page's policy may allow no images but its own.

import type { API } from "./api";
import { h } from "./dom";
import { ask, bearer } from "./fetch";

/** face fetches a picture by its path; it throws where there is none that the browser can read. */
export async function face(api: API, path: string, token?: string): Promise<HTMLCanvasElement> {
  const answer = await ask(api.base + path.slice(1), { headers: bearer(token) });
  const canvas = h("canvas.sign");
  canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(await createImageBitmap(await answer.blob()));
  return canvas;
}
