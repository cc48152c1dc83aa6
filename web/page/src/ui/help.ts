/** The help: what the page does, and its keys. */
import type { SettingsStore } from "../settings.ts";
import { SHORTCUTS } from "../shortcuts.ts";
import { $, make } from "./dom.ts";

export function startHelp(settings: SettingsStore): () => void {
  const dialog = $<HTMLDialogElement>("help");
  $("keys").append(...SHORTCUTS.map(({ shown, label }) => make("div", {}, make("dt", { textContent: label }), make("dd", {}, make("kbd", { textContent: shown })))));
  const single = $<HTMLInputElement>("shortcuts");
  single.checked = settings.now.shortcuts;
  single.onchange = () => settings.change({ shortcuts: single.checked });
  const toggle = (): void => (dialog.open ? dialog.close() : dialog.showModal());
  $("help-open").onclick = toggle;
  $("help-close").onclick = () => dialog.close();
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  };
  return toggle;
}
