// A model that is not there says so, and leads to the one that is.
import assert from "node:assert/strict";
import { live, message, offers, open, press } from "../steps.mjs";

export const needs = { context: { serviceWorkers: "block" } };

export default async function ({ page, context, base }) {
  await context.route(/\/models\/(.*\/)?tiny\.json$/, (route) => route.fulfill({ status: 404 }));
  await open(page, base, { model: "tiny" });
  await page.click("#pick-photo");
  const { text } = await message(page, /model “tiny” cannot be loaded/);
  assert.match(text, /tiny\.json.*404/);
  assert.deepEqual(await offers(page), ["Use the model “fast”", "Try again"]);
  await press(page, "Use the model “fast”");
  await live(page);
  assert.match(await page.textContent("#now"), /In use: fast/);
}
