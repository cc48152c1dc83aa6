/** The service worker: keeps the page for use without a network, and says when there is a newer one. */

const PATIENCE = 4000;
/** Whether there is a service worker, or is going to be one. */
let registering: Promise<boolean> = Promise.resolve(false);

/** @param offer is called where a newer version waits; what it is given switches to it. */
export function startOffline(offer: (switchOver: () => void) => void): void {
  if ("serviceWorker" in navigator && !import.meta.env.DEV) registering = register(offer);
}

async function register(offer: (switchOver: () => void) => void): Promise<boolean> {
  const { serviceWorker } = navigator;
  const first = !serviceWorker.controller;
  let wanted = false;
  serviceWorker.addEventListener("controllerchange", () => {
    if (wanted) location.reload();
  });
  const tell = (waiting: ServiceWorker): void =>
    offer(() => {
      wanted = true;
      waiting.postMessage("switch");
    });
  try {
    const registration = await serviceWorker.register(new URL("sw.js", document.baseURI), { updateViaCache: "none" });
    if (registration.waiting && !first) tell(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const coming = registration.installing;
      coming?.addEventListener("statechange", () => {
        if (coming.state === "installed" && serviceWorker.controller) tell(coming);
      });
    });
    return true;
  } catch {
    return false; // not allowed here, as in private windows: the page works online
  }
}

/** Waits until the service worker sees what the page loads, so that a first visit keeps it; not for long. */
export async function kept(): Promise<void> {
  if (!(await registering) || navigator.serviceWorker.controller) return;
  await new Promise<void>((resolve) => {
    navigator.serviceWorker.addEventListener("controllerchange", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE);
  });
}
