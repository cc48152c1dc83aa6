// The example of limner-web, as it is shipped: the camera's track with the effect, which changes without another track.
import assert from "node:assert/strict";
import { until } from "../steps.mjs";

/** How much neighbours differ in what the video shows, on average over its pixels; null where it shows nothing yet. */
const detail = (page) =>
  page.evaluate(() => {
    const video = document.querySelector("video");
    if (video.readyState < 2) return null;
    const { videoWidth: width, videoHeight: height } = video;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let sum = 0;
    for (let at = 4; at < data.length; at += 4) sum += Math.abs(data[at + 1] - data[at - 3]);
    return sum / (width * height);
  });

export default async function ({ page, base }) {
  await page.goto(`${base}example.html`);
  await page.click("button");
  await page.waitForFunction(() => /^\d+ frames a second, \d+ ms$/.test(document.querySelector("output").textContent));
  await until(page, async () => (await detail(page)) !== null, () => "the track shows nothing");
  const blurred = await detail(page);
  const track = await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].id);
  await page.click("input");
  let sharp;
  await until(page, async () => (sharp = await detail(page)) > 1.2 * blurred, () => `not sharper without the effect: ${blurred}, ${sharp}`);
  await page.click("input");
  await until(page, async () => (sharp = await detail(page)) < 1.1 * blurred, () => `not blurred again: ${blurred}, ${sharp}`);
  assert.equal(await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].id), track);
  assert.equal(await page.evaluate(() => document.querySelector("video").srcObject.getVideoTracks()[0].readyState), "live");
}
