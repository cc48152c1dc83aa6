// What scenarios do again and again: open the page, wait for a picture, look at its pixels.
import assert from "node:assert/strict";

/** Open the page with settings as an earlier visit would have left them. */
export async function open(page, base, settings = {}) {
  await page.addInitScript((stored) => localStorage.getItem("limner") ?? localStorage.setItem("limner", JSON.stringify(stored)), settings);
  await page.goto(base);
  await page.waitForSelector("#message-actions button");
}

/** Until the first masked frame is shown, and can be read: what a worker draws reaches the page a little later. */
export async function live(page) {
  await page.waitForSelector("#frame.live canvas:not(.coming)");
  const grid = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((y) => [0.1, 0.3, 0.5, 0.7, 0.9].map((x) => [x, y]));
  await until(page, async () => (await pixels(page, ...grid)).some(([, , , alpha]) => alpha > 0), () => "the picture stays empty");
}

/** Press a button of the message. */
export const press = (page, label) => page.click(`#message-actions button:text-is('${label}')`);

export const startCamera = (page) => press(page, "Start camera");

/** Colours, RGBA, of the picture at places from 0 to 1; mirrored as it is shown. None, [-1, -1, -1, -1], where there is no picture. */
export function pixels(page, ...places) {
  return page.evaluate((at) => {
    const canvas = document.querySelector("#frame canvas:not(.coming)");
    if (!canvas?.width || !canvas.height) return at.map(() => [-1, -1, -1, -1]);
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return at.map(([x, y]) => [...context.getImageData(Math.round(x * (canvas.width - 1)), Math.round(y * (canvas.height - 1)), 1, 1).data]);
  }, places);
}

/** Wait until the colour at a place is, in all channels, within `tolerance` of what is expected. */
export function becomes(page, place, expected, tolerance = 6) {
  return becomesWhat(page, place, (found) => expected.every((value, channel) => Math.abs(value - found[channel]) <= tolerance), String(expected));
}

/** Wait until the colour at a place is what `wanted` accepts. */
export async function becomesWhat(page, place, wanted, what) {
  let found;
  await until(page, async () => wanted(([found] = await pixels(page, place))[0]), () => `at ${place} the picture is ${found}: not ${what}`);
}

/** Seconds until what has not come will not come. */
const PATIENCE = 700;

/** Look again and again until it is there. @throws with what is `said` after a long time. */
export async function until(page, there, said) {
  for (const end = Date.now() + 1000 * PATIENCE; !(await there()); ) {
    if (Date.now() > end) assert.fail(said());
    await page.waitForTimeout(100);
  }
}

/** Until a toast has said so; it may be gone again. */
export const toast = (page, pattern) => page.waitForFunction((source) => window.toasts.some((text) => new RegExp(source).test(text)), pattern.source);

/** Until the page has the size of the viewport, and is laid out. */
export async function resized(page, width, height) {
  await page.setViewportSize({ width, height });
  await page.waitForFunction(([w, h]) => innerWidth === w && innerHeight === h, [width, height]);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

export const choose = (page, effect) => page.click(`#effects [data-effect=${effect}]`);

/** The message in the picture's place, once its title matches. */
export async function message(page, title) {
  await page.waitForFunction((pattern) => new RegExp(pattern).test(document.querySelector("#message-title").textContent) && !document.querySelector("#veil").hidden, title.source);
  return page.evaluate(() => Object.fromEntries(["title", "text", "remedy"].map((part) => [part, document.querySelector(`#message-${part}`).textContent])));
}

/** Buttons that the message offers. */
export const offers = (page) => page.$$eval("#message-actions button", (buttons) => buttons.map((button) => button.textContent));

/** Drop files onto the page: [{ name, type, base64 }]. */
export function drop(page, files) {
  return page.evaluate((given) => {
    const transfer = new DataTransfer();
    for (const { name, type = "", base64 } of given) transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }, files);
}

export async function download(page, act) {
  const [done] = await Promise.all([page.waitForEvent("download"), act()]);
  const parts = [];
  for await (const part of await done.createReadStream()) parts.push(part);
  return { name: done.suggestedFilename(), data: Buffer.concat(parts) };
}

/** Width, height, and colours at places of a picture that was saved. */
export function decoded(page, data, ...places) {
  return page.evaluate(
    async ({ base64, at }) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
      const copy = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
      const context = copy.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      return { width: bitmap.width, height: bitmap.height, colours: at.map(([x, y]) => [...context.getImageData(Math.round(x * (bitmap.width - 1)), Math.round(y * (bitmap.height - 1)), 1, 1).data]) };
    },
    { base64: data.toString("base64"), at: places },
  );
}
