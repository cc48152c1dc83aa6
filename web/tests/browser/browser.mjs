/** What every script here begins with: Chromium on software graphics, and its page. */

import { chromium } from "playwright-core";

/** Flags that make Chromium the same everywhere, and quiet. */
export const FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

/** Milliseconds that a single step may take on a machine that does much else besides. */
const PATIENCE = 600_000;

/**
 * Opens `url`, lets `work` do what it wants with the page, and closes the browser again. Prints what `work` gives as JSON.
 *
 * @param {string} url
 * @param {(page: import("playwright-core").Page) => Promise<unknown>} work
 * @param {{ flags?: string[], before?: (page: import("playwright-core").Page) => Promise<void> }} options
 */
export async function onPage(url, work, { flags = [], before } = {}) {
  // A browser that runs as root, as in containers, has no sandbox of its own.
  const alone = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.LIMNER_CHROMIUM, args: [...alone, ...FLAGS, ...flags], timeout: PATIENCE });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("console", (message) => console.error(`[${message.type()}] ${message.text()}`));
    page.on("pageerror", (error) => console.error(`[error] ${error.message}`));
    await before?.(page);
    await page.goto(url);
    await page.waitForFunction("globalThis.limner");
    console.log(JSON.stringify(await work(page)));
  } finally {
    await browser.close();
  }
}
