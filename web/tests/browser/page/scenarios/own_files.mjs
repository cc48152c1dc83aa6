// One's own photo, video, model and background, dropped or chosen; and what is said where something is missing.
import assert from "node:assert/strict";
import { becomes, becomesWhat, drop, live, open, toast } from "../steps.mjs";

export const needs = { context: { serviceWorkers: "block" } };

export default async function ({ page, base, command }) {
  const { photo, card, weights } = command.files;
  await open(page, base, { effect: "mask" });
  await drop(page, [{ name: "me.jpg", type: "image/jpeg", base64: photo }]);
  await live(page);
  assert.match(await page.textContent("#source-name"), /me\.jpg, 720 × 900/);

  await drop(page, [{ name: "tiny.onnx", base64: weights }]);
  await toast(page, /tiny\.onnx came without its card/);
  await drop(page, [{ name: "tiny.json", base64: card }, { name: "tiny.onnx", base64: weights }]);
  await page.waitForFunction(() => /In use: tiny/.test(document.querySelector("#now").textContent));
  assert.equal(await page.evaluate(() => document.querySelector("#model").selectedOptions[0].textContent), "tiny (yours)");
  await becomes(page, [0.04, 0.05], [0, 0, 0, 255]);

  await drop(page, [{ name: "notes.txt", base64: "aGk=" }]);
  await toast(page, /notes\.txt is neither/);
  await drop(page, [{ name: "broken.jpg", type: "image/jpeg", base64: "aGk=" }]);
  await page.waitForFunction(() => document.querySelector("#message-title").textContent === "This photo cannot be opened");
  assert.match(await page.textContent("#message-text"), /broken\.jpg/);
  await drop(page, [{ name: "me.jpg", type: "image/jpeg", base64: photo }]);
  await live(page);

  await page.click("#effects [data-effect=replace]");
  const red = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d");
    context.fillStyle = "#c00000";
    context.fillRect(0, 0, 64, 64);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  await page.setInputFiles("#background-file", { name: "red.png", mimeType: "image/png", buffer: Buffer.from(red, "base64") });
  await becomes(page, [0.04, 0.05], [0xc0, 0, 0, 255], 10);
  assert.equal(await page.getAttribute('[data-background="own"]', "aria-checked"), "true");
  await page.setInputFiles("#background-file", { name: "behind.webm", mimeType: "video/webm", buffer: Buffer.from(command.files.clip, "base64") });
  // The clip as a background: its wall is light grey where the red was.
  await becomesWhat(page, [0.04, 0.05], ([r, g]) => g > 60 && Math.abs(r - g) < 60, "the video behind the person");
}
