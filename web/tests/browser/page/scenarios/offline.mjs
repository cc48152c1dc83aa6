// After one visit the page works without a server: the shell, the runtime, the model and the sample.
import assert from "node:assert/strict";
import { live, open } from "../steps.mjs";

export default async function ({ page, base, ask }) {
  await open(page, base, { effect: "mask" });
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null); // keeps what is loaded from now on
  await page.click("#pick-clip");
  await live(page);
  await ask("stop the server");
  await page.reload();
  await page.waitForSelector("#message-actions button");
  assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null));
  assert.ok(await page.evaluate(() => crossOriginIsolated), "it has lost its threads");
  assert.equal(await page.getAttribute("[data-effect=mask][role=radio]", "aria-checked"), "true");
  await page.waitForFunction(() => [...document.querySelector("#model").options].some(({ value }) => value === "quality"));
  await page.click("#pick-clip");
  await live(page);
  await page.click("#effects [data-effect=replace]");
  await page.waitForFunction(() => [...document.querySelectorAll("#gallery img")].every((image) => image.complete && image.naturalWidth > 0));
}
