// A newer page on the server: the open one goes on, says so, and changes over when asked to.
import assert from "node:assert/strict";
import { open, until } from "../steps.mjs";

const version = (page) => page.evaluate(() => document.documentElement.dataset.version ?? "first");

export default async function ({ page, base, ask }) {
  await open(page, base);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload(); // now the service worker has it
  assert.equal(await page.evaluate(() => document.querySelectorAll(".toast").length), 0);
  await ask("change the page");
  await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
  await page.waitForSelector(".toast button:text-is('Reload')");
  assert.equal(await version(page), "first");
  const old = await page.evaluate(() => caches.keys());
  await Promise.all([page.waitForEvent("load"), page.click(".toast button:text-is('Reload')")]);
  await page.waitForSelector("#message-actions button");
  assert.equal(await version(page), "second");
  let shells = [];
  await until(page, async () => (shells = (await page.evaluate(() => caches.keys())).filter((name) => name.startsWith("limner-shell-"))).length === 1, () => `the old page is kept: ${shells}`);
  assert.ok(!old.includes(shells[0]) || old.filter((name) => name.startsWith("limner-shell-")).length === 2);
}
