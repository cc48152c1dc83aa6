// A saved picture has the size of the photo and its transparency; a recording is a video, transparent too where that was
// chosen, and nobody loses it by leaving without being asked.
import assert from "node:assert/strict";
import { choose, decoded, download, live, open } from "../steps.mjs";

/** In the page: how many parts with something in them its recorder has given. */
function countParts() {
  window.parts = 0;
  const { start } = MediaRecorder.prototype;
  MediaRecorder.prototype.start = function (...given) {
    window.parts = 0;
    this.addEventListener("dataavailable", ({ data }) => (window.parts += data.size > 0 ? 1 : 0));
    return start.apply(this, given);
  };
}

/** Reloads the page, and stays where the browser asks; `asks` is the kind of its question. */
async function leaves(page, asks) {
  const asked = page.waitForEvent("dialog");
  await Promise.all([page.evaluate(() => void setTimeout(() => location.reload())), asked.then((dialog) => dialog.dismiss())]);
  assert.equal((await asked).type(), asks);
}

export default async function ({ page, base }) {
  await page.addInitScript(countParts);
  await open(page, base, { effect: "transparent" });
  await page.click("#pick-photo");
  await live(page);
  assert.ok(await page.isDisabled("#record"), "a photo stands still: there is nothing to record");
  const picture = await download(page, () => page.keyboard.press("s"));
  assert.match(picture.name, /^limner-\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.png$/);
  const { width, height, colours } = await decoded(page, picture.data, [0.04, 0.05], [0.5, 0.42]);
  assert.deepEqual([width, height], [720, 900]);
  assert.ok(colours[0][3] < 10 && colours[1][3] > 245, `alpha ${colours}`);

  await page.click("#pick-clip");
  await live(page);
  await page.click("#record");
  await page.waitForSelector("#rec", { state: "visible" });
  assert.ok(await page.isDisabled("#model"), "the model may not change while it records");
  await page.waitForFunction(() => window.parts > 3);
  await leaves(page, "beforeunload");
  assert.ok(await page.isVisible("#rec"), "and it stays where it was, recording");
  const video = await download(page, () => page.click("#record"));
  assert.match(video.name, /\.webm$/);
  await page.waitForFunction(() => !document.querySelector("#model").disabled);

  await choose(page, "blur");
  await page.selectOption("#record-as", "png");
  await page.click("#record");
  await page.waitForSelector("#rec", { state: "visible" });
  await page.waitForTimeout(1000); // some pictures; the first one is always there
  const pictures = await download(page, () => page.click("#record"));
  assert.match(pictures.name, /\.zip$/);
  return { video: video.data.toString("base64"), zip: pictures.data.toString("base64") };
}
