// The sample photo in Firefox, driven over WebDriver BiDi: node firefox.mjs {"firefox": …, "base": …, "screenshot": …}
import { readFileSync } from "node:fs";
import puppeteer from "puppeteer-core";

/** Milliseconds that a single step may take on a machine that does much else besides. */
const PATIENCE = 1_000_000;

const { firefox, base, screenshot } = JSON.parse(process.argv[2]);
const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true, timeout: PATIENCE, protocolTimeout: PATIENCE });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(base);
  const found = await page.evaluate(`${readFileSync(new URL("photo.js", import.meta.url), "utf8")}; samplePhoto()`);
  if (screenshot) await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ ...found, errors }));
} finally {
  await browser.close();
}
