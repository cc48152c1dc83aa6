/** Keeps the screen on while something moves on it, where the browser can. */

let wanted = false;
let lock: WakeLockSentinel | null = null;

export function keepAwake(on: boolean): void {
  wanted = on;
  void follow();
}

async function follow(): Promise<void> {
  try {
    if (wanted && !document.hidden && !lock) {
      lock = (await navigator.wakeLock?.request("screen")) ?? null;
      lock?.addEventListener("release", () => (lock = null)); // as when the page is hidden
    }
    if (!wanted) await lock?.release();
  } catch {
    // Low battery, or not allowed: the screen may go dark.
  }
}

document.addEventListener("visibilitychange", () => void follow());
