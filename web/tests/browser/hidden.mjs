/**
 * A tab that is hidden goes on: node hidden.mjs '{"url", "camera"}', `camera` a file of JPEG pictures.
 *
 * Prints, for each way in which tracks are read and made, how many frames of the processed track came while the tab was hidden,
 * and how many of them showed anything but the effect's colour in a corner, where nobody is.
 */

import puppeteer from "puppeteer-core";

/** Milliseconds that a single step may take on a machine that does much else besides. */
const PATIENCE = 600_000;
/** Milliseconds without frames after which a tab stands still. */
const STANDS_STILL = 180_000;
/** What Puppeteer switches off, so that hidden tabs are treated as they are for everybody. */
const AS_USUAL = ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling"];

const { url, camera } = JSON.parse(process.argv[2]);
const alone = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({
  browser: "chrome",
  executablePath: process.env.LIMNER_CHROMIUM,
  headless: true,
  timeout: PATIENCE,
  protocolTimeout: PATIENCE,
  ignoreDefaultArgs: AS_USUAL,
  args: [...alone, "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--enable-blink-features=VideoTrackGenerator,VideoTrackGeneratorInWindow", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${camera}`],
});
try {
  const found = {};
  const other = await browser.newPage();
  for (const way of ["standard", "chromium", "captured"]) {
    const page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on("pageerror", (error) => console.error(`[error] ${error.message}`));
    await page.goto(url);
    await page.waitForFunction("globalThis.limner");
    await page.evaluate(call, way);
    await page.waitForFunction("seen.frames > 3");
    await other.bringToFront();
    await page.waitForFunction("document.hidden", { polling: 100 });
    await page.evaluate(() => Object.assign(seen, { frames: 0, wrong: 0 }));
    await page.waitForFunction("seen.frames >= 15", { polling: 100, timeout: STANDS_STILL });
    found[way] = await page.evaluate(() => ({ ...seen, hidden: document.hidden }));
    await page.close();
  }
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}

/** In the page: a call's track with the effect, and what it shows. */
async function call(way) {
  const Processor = MediaStreamTrackProcessor; // for reading what comes out
  // The standard's generator is behind a flag in Chromium, which has one of its own; others can only draw tracks into canvases.
  const lacks = { standard: ["MediaStreamTrackGenerator"], chromium: ["VideoTrackGenerator"], captured: ["MediaStreamTrackProcessor", "MediaStreamTrackGenerator", "VideoTrackGenerator"] };
  for (const name of lacks[way]) if (!delete globalThis[name]) throw new Error(`${name} stays`);
  if (way !== "captured" && !("VideoTrackGenerator" in globalThis || "MediaStreamTrackGenerator" in globalThis)) throw new Error("no generator is left");
  globalThis.seen = { frames: 0, wrong: 0 };
  const segmenter = await globalThis.limner.createSegmenter({ assets: "/", runtime: "litert-wasm", model: "tiny" });
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  const track = segmenter.processTrack(stream.getVideoTracks()[0], { effect: "color", color: "#00ff00" });
  const context = new OffscreenCanvas(16, 16).getContext("2d", { willReadFrequently: true });
  void (async () => {
    const reader = new Processor({ track }).readable.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      context.drawImage(part.value, 0, 0, 16, 16);
      part.value.close();
      const [r, g, b] = context.getImageData(0, 1, 1, 1).data;
      seen.frames++;
      if (r > 30 || g < 225 || b > 30) seen.wrong++;
    }
  })();
}
