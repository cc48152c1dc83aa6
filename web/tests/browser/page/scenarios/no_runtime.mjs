// A runtime that cannot be loaded says so, and one that was chosen by hand leads back to the automatic choice.
import assert from "node:assert/strict";
import { live, message, offers, open } from "../steps.mjs";

export const needs = { context: { serviceWorkers: "block" } };

export default async function ({ page, context, base }) {
  await context.route("**/runtimes/litert/**", (route) => route.fulfill({ status: 404 }));
  await open(page, base, { runtime: "litert-wasm" });
  await page.click("#pick-photo");
  const { text } = await message(page, /(Nothing here can run the model|cannot be loaded)/);
  assert.ok(text.length > 10, text);
  assert.ok((await offers(page)).length > 0);
  await page.selectOption("#runtime", "auto");
  await live(page);
}
