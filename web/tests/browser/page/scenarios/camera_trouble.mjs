// A camera that is in use, one that is pulled out and comes back, and one that sends nothing.
import assert from "node:assert/strict";
import { live, message, offers, open, press, startCamera } from "../steps.mjs";

export default async function ({ page, base }) {
  await page.addInitScript(() => {
    const media = navigator.mediaDevices;
    const real = media.getUserMedia.bind(media);
    window.busy = true;
    media.getUserMedia = async (wish) => {
      if (window.busy) throw new DOMException("Could not start video source", "NotReadableError");
      const stream = await real(wish);
      window.track = stream.getVideoTracks()[0];
      return stream;
    };
  });
  await open(page, base);
  await startCamera(page);
  assert.match((await message(page, /in use/)).remedy, /then try again/);
  assert.equal((await offers(page))[0], "Try again");
  await page.evaluate(() => (window.busy = false));
  await press(page, "Try again");
  await live(page);

  await page.evaluate(() => window.track.dispatchEvent(new Event("mute")));
  await message(page, /sends no picture/);
  await page.evaluate(() => window.track.dispatchEvent(new Event("unmute")));
  await live(page);

  await page.evaluate(() => {
    window.track.stop();
    window.track.dispatchEvent(new Event("ended"));
  });
  assert.match((await message(page, /camera is gone/)).remedy, /Plug it in again/);
  await page.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
  await live(page);
}
