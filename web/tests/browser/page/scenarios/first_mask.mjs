// Privacy fails closed: until the first mask is there, nothing of the camera is seen, and the first thing seen has the effect.
import assert from "node:assert/strict";
import { live, open, startCamera } from "../steps.mjs";

export const needs = { context: { serviceWorkers: "block" } };

export default async function ({ page, context, base }) {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await context.route(/\/models\/.*\.(onnx|tflite|bin)$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.addInitScript(() => {
    const corner = (canvas) => {
      const copy = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
      const context = copy.getContext("2d");
      context.drawImage(canvas, canvas.width * 0.04, canvas.height * 0.04, 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data].join();
    };
    window.seen = new Set();
    const look = () => {
      const canvas = document.querySelector("#frame canvas");
      if (canvas && getComputedStyle(canvas).visibility === "visible") window.seen.add(corner(canvas));
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await open(page, base, { effect: "color", color: "#ff00ff" });
  await startCamera(page);
  await page.waitForFunction(() => /^(Camera|.*mjpeg)/.test(document.querySelector("#source-name").textContent) && document.querySelector("#message").classList.contains("busy"));
  await page.waitForTimeout(1500); // the camera runs, and the net is not there
  assert.equal(await page.evaluate(() => document.querySelectorAll("video").length), 0, "a video element is in the page");
  assert.deepEqual(await page.evaluate(() => [...window.seen]), []);
  assert.ok(await page.isDisabled("#shot"), "a picture could be saved");
  assert.ok(await page.isDisabled("#record"), "it could be recorded");
  release();
  await live(page);
  await page.waitForFunction(() => [...window.seen].some((colour) => !colour.endsWith(",0")));
  await page.waitForTimeout(1500); // some more frames
  const seen = await page.evaluate(() => [...window.seen]);
  for (const colour of seen) {
    const [r, g, b, alpha] = colour.split(",").map(Number);
    assert.ok(alpha === 0 || (r > 235 && g < 20 && b > 235), `seen in the corner: ${colour}`);
  }
}
