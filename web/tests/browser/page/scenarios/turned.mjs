// A phone that is turned while its camera runs: the picture takes the other shape, and is never away or without its effect.
import assert from "node:assert/strict";
import { becomes, becomesWhat, live, open, startCamera } from "../steps.mjs";

const CORNER = [0.04, 0.05];
const GREEN = [0, 255, 0, 255];
const somebody = ([r, g, b]) => g < 200 || r > 60 || b > 60;

/** In the page: a camera that shows the middle of a photo, wide or tall; and what is seen in the corner from the first picture on. */
function turningCamera(photo) {
  window.wide = true;
  navigator.mediaDevices.getUserMedia = async () => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0))]));
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    let count = 0;
    const draw = () => {
      const [width, height] = window.wide ? [720, 405] : [405, 720];
      if (canvas.width !== width) Object.assign(canvas, { width, height });
      context.drawImage(picture, (picture.width - width) / 2, window.wide ? 180 : 60, width, height, 0, 0, width, height);
      context.fillStyle = ++count % 2 ? "#000" : "#fff"; // a canvas that stands still gives no frames
      context.fillRect(width - 2, height - 2, 2, 2);
    };
    draw();
    setInterval(draw, 50);
    return canvas.captureStream();
  };
  window.seen = new Set();
  window.gaps = 0;
  window.watch = () => {
    const frame = document.querySelector("#frame");
    new MutationObserver(() => (window.gaps += frame.classList.contains("live") ? 0 : 1)).observe(frame, { attributes: true });
    const look = () => {
      const canvas = document.querySelector("#frame canvas");
      const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
      context.drawImage(canvas, canvas.width * 0.04, canvas.height * 0.05, 1, 1, 0, 0, 1, 1);
      window.seen.add([...context.getImageData(0, 0, 1, 1).data].join());
      requestAnimationFrame(look);
    };
    look();
  };
}

const shape = (page, wide) =>
  page.waitForFunction((wide) => {
    const canvas = document.querySelector("#frame canvas");
    const input = /Net input(\d+)\s×\s(\d+)/.exec(document.querySelector("#meter-list").textContent);
    return canvas.width > canvas.height === wide && input && Number(input[1]) > Number(input[2]) === wide;
  }, wide);

export default async function ({ page, base, command }) {
  await page.addInitScript(turningCamera, command.files.photo);
  await open(page, base, { effect: "color", color: "#00ff00", mirror: false });
  await startCamera(page);
  await live(page);
  await becomes(page, CORNER, GREEN);
  await page.evaluate(() => window.watch());
  for (const wide of [true, false, true]) {
    await page.evaluate((to) => (window.wide = to), wide);
    await shape(page, wide);
    await becomes(page, CORNER, GREEN);
    await becomesWhat(page, [0.5, wide ? 0.4 : 0.5], somebody, "a person");
  }
  const { seen, gaps } = await page.evaluate(() => ({ seen: [...window.seen], gaps: window.gaps }));
  assert.equal(gaps, 0, "the picture was away");
  for (const colour of seen) {
    const [r, g, b, alpha] = colour.split(",").map(Number);
    assert.ok(r < 20 && g > 235 && b < 20 && alpha === 255, `seen in the corner: ${colour}`);
  }
}
