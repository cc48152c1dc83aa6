// A refused camera says so, says what to do, and leaves the rest of the page at hand.
import assert from "node:assert/strict";
import { live, message, offers, open, press, startCamera } from "../steps.mjs";

export const needs = { camera: "refused" };

export default async function ({ page, base }) {
  await open(page, base);
  await startCamera(page);
  const { remedy } = await message(page, /blocked for this page|was not allowed/);
  assert.match(remedy, /allow|Allow/);
  assert.deepEqual(await offers(page), ["Try again", "Open a file…", "Try the sample"]);
  await press(page, "Try the sample");
  await live(page);
}
