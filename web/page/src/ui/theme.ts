/** Light, dark, or as the system has it. */
import { THEMES, type SettingsStore, type Theme } from "../settings.ts";
import { $, setIcon } from "./dom.ts";

const LABELS: Record<Theme, { icon: string; label: string }> = {
  auto: { icon: "auto", label: "Colours: as the system" },
  light: { icon: "sun", label: "Colours: light" },
  dark: { icon: "moon", label: "Colours: dark" },
};
const BARS = { light: "#fffefc", dark: "#1a1b1d" };

export function startTheme(settings: SettingsStore): () => void {
  const show = (): void => {
    const { theme } = settings.now;
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    setIcon($("theme"), LABELS[theme].icon);
    $("theme").setAttribute("aria-label", LABELS[theme].label);
    $("theme").title = `${LABELS[theme].label} (T)`;
    for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
      const own = meta.media.includes("dark") ? "dark" : "light";
      meta.content = BARS[theme === "auto" ? own : theme];
    }
  };
  const turn = (): void => settings.change({ theme: THEMES[(THEMES.indexOf(settings.now.theme) + 1) % THEMES.length]! });
  $("theme").onclick = turn;
  settings.listen((_, changed) => changed.has("theme") && show());
  show();
  return turn;
}
