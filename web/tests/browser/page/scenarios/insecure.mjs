// A page at http:// that is not this machine gets no camera: said. Photos work.
import assert from "node:assert/strict";
import { live, message, open } from "../steps.mjs";

export default async function ({ page, base }) {
  await open(page, base);
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.click("#pick-camera");
  const { remedy } = await message(page, /needs a secure page/);
  assert.match(remedy, /https:\/\//);
  await page.click("#pick-photo");
  await live(page);
}
