// Settings, and the runtime that was fastest, are kept for the next visit; another model comes without a gap, and one that fails leaves the old one running.
import assert from "node:assert/strict";
import { live, open, toast } from "../steps.mjs";

export const needs = { context: { serviceWorkers: "block" } };

export default async function ({ page, context, base }) {
  await open(page, base);
  await page.click("#effects [data-effect=mask]");
  await page.locator("#slider-threshold").fill("0.3");
  await page.click("#theme");
  await page.click("#theme");
  await page.reload();
  await page.waitForSelector("#message-actions button");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await page.getAttribute("[data-effect=mask][role=radio]", "aria-checked"), "true");
  assert.equal(await page.inputValue("#slider-threshold"), "0.3");

  await page.click("#pick-clip");
  await live(page);
  await page.evaluate(() => {
    window.gaps = 0;
    new MutationObserver(() => (window.gaps += document.querySelector("#frame").classList.contains("live") ? 0 : 1)).observe(document.querySelector("#frame"), { attributes: true });
  });
  // The fastest runtime was measured once; a later visit takes it from memory, here one that a measurement does not choose.
  const measured = await page.evaluate(() => JSON.parse(localStorage.getItem("limner-runtime-1")));
  assert.deepEqual([measured.fast.runtime, measured.fast.agent], ["litert-wasm", await page.evaluate(() => navigator.userAgent)]);
  await page.selectOption("#model", "tiny");
  await page.waitForFunction(() => /In use: tiny/.test(document.querySelector("#now").textContent));
  assert.equal(await page.evaluate(() => document.querySelectorAll("#frame canvas").length), 1);

  await context.route(/\/models\/(.*\/)?video\.json$/, (route) => route.fulfill({ status: 404 }));
  await page.selectOption("#model", "video");
  await toast(page, /video\.json/);
  await page.waitForFunction(() => document.querySelector("#model").value === "tiny" && /In use: tiny/.test(document.querySelector("#now").textContent));
  assert.equal(await page.evaluate(() => window.gaps), 0, "the picture was away for a moment");

  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("limner-runtime-1"));
    kept.fast.runtime = "ort-wasm";
    localStorage.setItem("limner-runtime-1", JSON.stringify(kept));
    localStorage.setItem("limner", JSON.stringify({ ...JSON.parse(localStorage.getItem("limner")), model: "fast" }));
  });
  await page.reload();
  await page.waitForSelector("#message-actions button");
  await page.click("#pick-photo");
  await live(page);
  assert.match(await page.textContent("#now"), /In use: fast on ONNX Runtime · wasm/);
}
