// The camera starts, the picture has the effect, and the numbers and what is in use are shown; Stop ends it.
import assert from "node:assert/strict";
import { becomes, becomesWhat, choose, live, message, open } from "../steps.mjs";

export default async function ({ page, base }) {
  await open(page, base, { effect: "color", color: "#00ff00" });
  assert.ok(await page.evaluate(() => crossOriginIsolated), "the page has no threads");
  await page.click("#message-actions .primary");
  await live(page);
  // The person of the clip sits left, and is mirrored.
  const somebody = ([r, g, b]) => g < 200 || r > 60 || b > 60;
  await becomes(page, [0.1, 0.1], [0, 255, 0, 255]);
  await becomesWhat(page, [0.73, 0.45], somebody, "a person");
  assert.equal(await page.getAttribute("#mirror", "aria-pressed"), "true");
  await page.click("#mirror");
  await becomes(page, [0.9, 0.1], [0, 255, 0, 255]);
  await becomesWhat(page, [0.27, 0.45], somebody, "a person");
  await page.waitForFunction(() => Number(document.querySelector("#fps").textContent) > 0);
  await page.waitForFunction(() => /In use: fast on .+, drawn with .+256\s×\s256/.test(document.querySelector("#now").textContent));
  for (const part of ["Upload", "Inference", "Read-back", "Drawing"]) assert.match(await page.textContent("#meter-list"), new RegExp(`${part}[\\d.]+ ms`));
  await page.keyboard.press("i");
  await page.waitForFunction(() => document.querySelector("#numbers").textContent.includes("Frames/s"));
  await choose(page, "mask");
  await becomes(page, [0.9, 0.1], [0, 0, 0, 255]);
  await page.click("#start");
  await message(page, /Change what is behind you/);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("#frame")).visibility), "hidden");
}
