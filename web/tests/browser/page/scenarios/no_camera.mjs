// Without a camera: said, with what else there is.
import assert from "node:assert/strict";
import { message, offers, open } from "../steps.mjs";

export const needs = { camera: "none" };

export default async function ({ page, base }) {
  await open(page, base);
  await page.keyboard.press("Space");
  const { text } = await message(page, /No camera found/);
  assert.match(text, /no camera/);
  assert.deepEqual(await offers(page), ["Try again", "Open a file…", "Try the sample"]);
  // One that was chosen on an earlier visit and is gone is another matter only where there are cameras at all.
  assert.match(await page.textContent("#live"), /No camera found/);
}
