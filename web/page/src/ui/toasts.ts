/** Short messages: seen for some seconds, and read aloud. */
import { $, button, icon, make } from "./dom.ts";

const SECONDS = 6;

/** Read aloud by screen readers, seen by nobody. */
export function announce(text: string): void {
  const live = $("live");
  // The same text again would not be read.
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
}

/** @returns takes it away. With an action it stays until it is answered. */
export function toast(text: string, action?: { label: string; act: () => void }): () => void {
  const box = make("div", { className: "toast" }, make("p", { textContent: text }));
  const away = (): void => box.remove();
  if (action) {
    box.append(
      button("", action.label, () => {
        away();
        action.act();
      }),
    );
  }
  const close = button("quiet", "", away);
  close.setAttribute("aria-label", "Dismiss");
  close.append(icon("close"));
  box.append(close);
  const toasts = $("toasts");
  while (toasts.children.length > 2) toasts.firstElementChild!.remove();
  toasts.append(box);
  (document.fullscreenElement ?? document.body).append(toasts); // in full screen nothing else is seen
  announce(text);
  if (!action) {
    let timer = setTimeout(away, SECONDS * 1000);
    box.onpointerenter = () => clearTimeout(timer);
    box.onpointerleave = () => (timer = setTimeout(away, SECONDS * 500));
  }
  return away;
}
