// What the loader loads in iframe mode: the panel holds the chat's own page, whose scripts and
// storage the host page cannot reach.

import { h } from "./dom";
import type { Chat, Shell } from "./types";
import css from "./frame.css";

export default function start({ base, root, tools, area, language, launcher, emit }: Shell): Chat {
  tools.sheet(root, css);
  const inside = h("iframe", { src: `${base}frame?area=${encodeURIComponent(area)}&language=${language}`, title: launcher.innerText.split("\n")[0] });
  const dialog = h("dialog.panel", { "aria-label": inside.title }, inside);
  const close = () => {
    if (!dialog.open) return;
    dialog.close();
    root.host.classList.remove("opened");
    launcher.ariaExpanded = "false";
    launcher.focus();
    emit("close");
  };
  dialog.addEventListener("cancel", close);
  dialog.addEventListener("keydown", (event) => event.key === "Escape" && close());
  window.addEventListener("message", (event) => {
    if (event.source === inside.contentWindow && event.data === "schalter:close") close();
  });
  root.append(dialog);
  return {
    open() {
      if (dialog.open) return;
      matchMedia("(max-width: 479px)").matches ? dialog.showModal() : dialog.show();
      root.host.classList.add("opened");
      launcher.ariaExpanded = "true";
      inside.focus();
      emit("open");
    },
    close,
  };
}
