/** Offers to install the page as an app, where the browser can. */
import { $ } from "./dom.ts";

interface InstallEvent extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

export function startInstall(): void {
  const offer = $("install");
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.hidden = false;
    offer.onclick = async () => {
      offer.hidden = true;
      await (event as InstallEvent).prompt();
    };
  });
  window.addEventListener("appinstalled", () => (offer.hidden = true));
}
