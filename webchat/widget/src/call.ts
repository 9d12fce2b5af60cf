// Calling the citizen back to the chat, if they asked for it.

import { bare } from "./dom";
import { t } from "./texts";

/** allow asks the browser; it must be called from a click. */
export function allow(): void {
  void window.Notification?.requestPermission();
  ring();
}

/** ring sounds and, on a page that is not in sight, shows a notification without any text of the chat. */
export function ring(): void {
  try {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    tone.connect(audio.destination);
    tone.onended = () => void audio.close();
    tone.start();
    tone.stop(0.12);
    if (document.hidden && Notification.permission === "granted") new Notification(t(say.title), bare({ body: t(say.new_below), tag: "schalter" }));
  } catch {
    // Some browsers on phones show notifications only for installed pages, and some have no sound.
  }
}
