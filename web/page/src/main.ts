/** Starts the page, or the measurements where the address asks for them. */
import "./styles/main.css";
import { App } from "./app.ts";
import { startOffline } from "./offline.ts";
import { pageStorage, SettingsStore } from "./settings.ts";
import { shortcut, type ShortcutAction } from "./shortcuts.ts";
import { $ } from "./ui/dom.ts";
import { startHelp } from "./ui/help.ts";
import { startInstall } from "./ui/install.ts";
import { startSheet } from "./ui/sheet.ts";
import { startSliders } from "./ui/sliders.ts";
import { startTheme } from "./ui/theme.ts";
import { toast } from "./ui/toasts.ts";

const settings = new SettingsStore(pageStorage());
const turnTheme = startTheme(settings);
const toggleHelp = startHelp(settings);
startInstall();
startOffline((switchOver) => toast("A new version of this page is ready.", { label: "Reload", act: switchOver }));

if (new URLSearchParams(location.search).has("bench")) {
  void import("./bench/view.ts").then(({ startBench }) => startBench());
} else {
  startSheet();
  startSliders(settings);
  const app = new App(settings);
  const does: Record<ShortcutAction, (index: number) => unknown> = {
    start: () => $("start").click(),
    camera: () => app.startCamera(),
    open: () => $("file").click(),
    effect: (index) => app.effects.chooseAt(index),
    magenta: () => settings.change({ magenta: !settings.now.magenta }),
    background: () => app.effects.nextBackground(),
    mirror: () => app.looks.toggleMirror(),
    play: () => app.transport.toggle(),
    shot: () => app.toolbar.shot(),
    record: () => app.toolbar.record(),
    full: () => app.toolbar.full(),
    numbers: () => settings.change({ numbers: !settings.now.numbers }),
    theme: turnTheme,
    help: toggleHelp,
  };
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.defaultPrevented || ($<HTMLDialogElement>("help").open && event.key !== "?")) return;
    const { tagName = "BODY", type = "" } = (event.target ?? {}) as HTMLInputElement;
    const found = shortcut({ ...pressOf(event), tag: tagName, type }, settings.now.shortcuts);
    if (!found) return;
    event.preventDefault();
    void does[found.does](found.index);
  });
}

function pressOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) {
  return { key, ctrlKey, metaKey, altKey };
}
