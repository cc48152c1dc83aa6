// A video that stands still: its effect still changes, with the net's help where that is needed, it is saved and sought in, and goes on.
import assert from "node:assert/strict";
import { becomes, choose, decoded, download, live, open, until } from "../steps.mjs";

const WALL = [0.9, 0.1];
const BLACK = [0, 0, 0, 255];
const GREEN = [0, 255, 0, 255];
/** Where it stands, 0 to 1. */
const time = (page) => page.$eval("#seek", (seek) => Number(seek.value));

export default async function ({ page, base }) {
  await open(page, base, { effect: "color", color: "#00ff00" });
  await page.click("#pick-clip");
  await live(page);
  await becomes(page, WALL, GREEN);
  await page.click("#play");
  await page.waitForSelector("#play[aria-label=Play]");
  const stood = await time(page);

  await choose(page, "mask");
  await becomes(page, WALL, BLACK);
  await page.locator("#slider-threshold").fill("0.8"); // takes the net's map once more
  await becomes(page, WALL, BLACK);
  await choose(page, "color");
  await becomes(page, WALL, GREEN);
  const saved = await download(page, () => page.keyboard.press("s"));
  const { width, height, colours } = await decoded(page, saved.data, WALL);
  assert.deepEqual([width, height], [848, 480]);
  assert.ok(colours[0][1] > 235 && colours[0][0] < 20, `saved ${colours}`);
  assert.equal(await time(page), stood);

  await page.locator("#seek").fill(stood > 0.5 ? "0.2" : "0.8");
  await until(page, async () => Math.abs((await time(page)) - (stood > 0.5 ? 0.2 : 0.8)) < 0.05, () => "it was not sought");
  await becomes(page, WALL, GREEN);
  await page.click("#play");
  const before = await time(page);
  await until(page, async () => (await time(page)) !== before, () => "it does not go on");
  await becomes(page, WALL, GREEN);
}
