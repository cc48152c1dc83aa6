// ?bench=1 measures, sorts, and hands the table over.
import assert from "node:assert/strict";
import { download } from "../steps.mjs";

export default async function ({ page, base }) {
  await page.goto(`${base}?bench=1`);
  await page.click("button:text-is('Measure')");
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].some((row) => !row.querySelector(".bench-error, .bench-empty")));
  await page.click("button:text-is('Stop')");
  await page.waitForSelector("button:text-is('Measure again')");
  await page.click("th >> text=Inference + read-back");
  assert.equal(await page.getAttribute("th:has-text('Inference')", "aria-sort"), "ascending");
  const { name, data } = await download(page, () => page.click("button:text-is('CSV')"));
  assert.match(name, /\.csv$/);
  const [head, ...rows] = data.toString().trim().split("\r\n");
  assert.match(head, /^runtime,model,precision,width,height,.*inference_readback_ms/);
  assert.equal(rows.length, await page.locator("tbody tr").count());
}
