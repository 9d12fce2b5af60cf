// What the citizen does to a message: answers it, reacts to it, and changes or deletes their own.

import { button } from "./dom";
import { t } from "./texts";
import type { Message } from "./types";

/** The reactions on offer; clerks may use any. */
const keys = ["👍", "❤️", "🙏"];

export interface Deeds {
  /** Begins an answer, or another text. */
  write(edit: boolean): void;
  /** Does it; the path goes behind that of the message. */
  amend(method: string, path?: string): void;
  /** Gives the focus back where it came from. */
  close(): void;
}

/** actions fills a bar with what can be done to a message. */
export function actions(bar: HTMLElement, m: Message, { write, amend, close }: Deeds): void {
  const own = m.direction === "citizen" && !m.card; // what was handed in stays
  // Deleting can't be undone, so it asks once more, where the focus is.
  const remove = () => {
    const sure = button("second", t(say.remove_sure), () => amend("DELETE"));
    bar.firstChild!.replaceWith(sure);
    sure.focus();
  };
  bar.replaceChildren(
    ...(own ? [button("second", t(say.remove), remove), button("second", t(say.edit), () => write(true))] : []),
    button("second", t(say.reply), () => write(false)),
    ...keys.map((key) => {
      const mine = !!m.reactions?.some((r) => r.key === key && r.mine);
      return button("second", key, () => amend(mine ? "DELETE" : "PUT", "/reactions/" + encodeURIComponent(key)), { "aria-pressed": "" + mine });
    }),
    button("link", t(say.cancel), close));
}
