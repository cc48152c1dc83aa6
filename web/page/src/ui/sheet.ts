/** The controls on small screens: tabs, and on phones held upright a sheet that is pulled up. */
import { $, all, next } from "./dom.ts";

const SMALL = "(max-width: 53.99rem), (max-height: 31rem) and (min-width: 35rem)";
/** The most of the window that the sheet's body takes where it is pulled up, and what it leaves; low, it has the height of the styles. */
const HIGH_SHARE = 0.52;
const LEFT_OVER = 330;

export function startSheet(): { open(tab: string): void } {
  const tabs = all<HTMLButtonElement>("[role=tab]", $("tabs"));
  const small = window.matchMedia(SMALL);
  const panelOf = (tab: HTMLElement): HTMLElement => $(tab.getAttribute("aria-controls")!);

  const body = $("controls-body");
  const grip = $("grip");
  const high = (): boolean => grip.getAttribute("aria-expanded") === "true";
  const pull = (up: boolean): void => {
    grip.setAttribute("aria-expanded", String(up));
    const needed = body.querySelector<HTMLElement>(".group.shown")?.offsetHeight ?? 0;
    const most = Math.min(window.innerHeight * HIGH_SHARE, window.innerHeight - LEFT_OVER);
    body.style.setProperty("--sheet", up ? `${Math.round(Math.max(180, Math.min(most, needed)))}px` : "");
    if (!up) body.scrollTop = 0;
  };

  const choose = (chosen: HTMLElement): void => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      panelOf(tab).classList.toggle("shown", tab === chosen);
    }
    $("controls-body").scrollTop = 0;
    if (high()) pull(true);
  };
  for (const tab of tabs) {
    tab.onclick = () => {
      const again = tab.getAttribute("aria-selected") === "true";
      choose(tab);
      if (again) pull(!high());
    };
    tab.onkeydown = (event) => {
      const to = next(event.key, tabs.indexOf(tab), tabs.length);
      if (to === null) return;
      event.preventDefault();
      tabs[to]!.focus();
      choose(tabs[to]!);
    };
  }
  const role = (): void => {
    for (const tab of tabs) {
      if (small.matches) panelOf(tab).setAttribute("role", "tabpanel");
      else panelOf(tab).removeAttribute("role");
    }
  };
  small.addEventListener("change", role);
  role();
  choose(tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]!);

  window.addEventListener("resize", () => high() && pull(true));

  let dragged = false;
  grip.onclick = () => {
    if (!dragged) pull(!high());
    dragged = false;
  };
  grip.onpointerdown = (down) => {
    const before = body.clientHeight;
    grip.setPointerCapture(down.pointerId);
    $("controls").classList.add("dragging");
    dragged = false;
    grip.onpointermove = (move) => {
      const by = down.clientY - move.clientY;
      if (Math.abs(by) > 4) dragged = true;
      const height = Math.max(48, Math.min(window.innerHeight * 0.7, before + by));
      if (dragged) body.style.setProperty("--sheet", `${Math.round(height)}px`);
    };
    grip.onpointerup = grip.onpointercancel = (up) => {
      grip.onpointermove = grip.onpointerup = grip.onpointercancel = null;
      $("controls").classList.remove("dragging");
      if (dragged) pull(down.clientY - up.clientY > (high() ? -48 : 48));
    };
  };
  return { open: (tab) => choose($(`tab-${tab}`)) };
}
