// A host that sends files and no headers: the service worker isolates the page from its second visit on.
import assert from "node:assert/strict";
import { live, open } from "../steps.mjs";

export default async function ({ page, base }) {
  await open(page, base);
  assert.equal(await page.evaluate(() => crossOriginIsolated), false);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForSelector("#message-actions button");
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await page.click("#pick-photo");
  await live(page);
  assert.match(await page.textContent("#now"), /\d+ threads|WebGPU|WebGL/);
}
