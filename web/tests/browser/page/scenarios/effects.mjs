// Each effect does what it says to a photo, and the magenta check comes and goes.
import { becomes, choose, live, open, pixels, until } from "../steps.mjs";

const CORNER = [0.04, 0.05];
const FACE = [0.5, 0.42];
const FIELD = Array.from({ length: 40 }, (_, index) => [0.86 + 0.003 * index, 0.12]); // across the books
const contrast = (row) => Math.max(...row.map(([r, g, b]) => r + g + b)) - Math.min(...row.map(([r, g, b]) => r + g + b));

export default async function ({ page, base }) {
  await open(page, base, { effect: "none", background: "studio" });
  await page.click("#pick-photo");
  await live(page);
  const [corner, face] = await pixels(page, CORNER, FACE);
  const sharp = contrast(await pixels(page, ...FIELD));

  await choose(page, "transparent");
  await becomes(page, CORNER, [0, 0, 0, 0]);
  await becomes(page, FACE, face);

  await choose(page, "color");
  await page.fill("#color-text", "1f5f99");
  await page.press("#color-text", "Enter");
  await becomes(page, CORNER, [0x1f, 0x5f, 0x99, 255]);

  await page.locator("label:has(#magenta)").click();
  await becomes(page, CORNER, [255, 0, 255, 255]);
  await page.locator("label:has(#magenta)").click();
  await becomes(page, CORNER, [0x1f, 0x5f, 0x99, 255]);

  await choose(page, "mask");
  await becomes(page, CORNER, [0, 0, 0, 255]);
  await becomes(page, FACE, [255, 255, 255, 255]);

  await choose(page, "replace"); // the studio's corner, where the frame cuts it, is grey
  await page.waitForFunction(() => document.querySelector('[data-background="studio"]').getAttribute("aria-checked") === "true");
  await becomes(page, CORNER, [74, 76, 78, 255], 14);
  await becomes(page, FACE, face);

  await choose(page, "none");
  await becomes(page, CORNER, corner);

  await choose(page, "blur");
  await page.locator("#slider-blur").fill("1");
  await until(page, async () => contrast(await pixels(page, ...FIELD)) <= 0.6 * sharp, () => "the background is not blurred");
  await becomes(page, FACE, face);
}
