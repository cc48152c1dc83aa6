// The sample photo and a camera in Firefox, driven over WebDriver BiDi: node firefox.mjs {"firefox": …, "base": …, "screenshot": …}
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

/** Milliseconds that a single step may take on a machine that does much else besides. */
const PATIENCE = 1_000_000;

const { firefox, base, screenshot } = JSON.parse(process.argv[2]);
/** Firefox's own camera for tests, of one colour that changes, and somebody who allows it. */
const CAMERA = { "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true };
const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, extraPrefsFirefox: CAMERA, headless: true, timeout: PATIENCE, protocolTimeout: PATIENCE });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(base);
  const script = readFileSync(new URL("photo.js", import.meta.url), "utf8");
  const found = await page.evaluate(`(async () => { ${script}; return { ...(await samplePhoto()), camera: await emptyCamera() }; })()`);
  if (screenshot) await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ ...found, errors }));
} finally {
  await browser.close();
}
