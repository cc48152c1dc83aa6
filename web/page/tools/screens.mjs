// Makes the pictures of docs/browser.md from a page that `limner web` serves: node web/page/tools/screens.mjs http://127.0.0.1:8765/ docs/images [chromium]
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const browser = await chromium.launch({ executablePath, args: FLAGS });
/** With a camera, and nobody who allows it. */
const refusing = await chromium.launch({ executablePath, args: [...FLAGS, "--use-fake-device-for-media-stream"] });

/** The page with the sample clip in it, and what `work` does; gives its picture. */
async function shown(size, colorScheme, settings, work = async () => {}) {
  const context = await browser.newContext({ viewport: size, colorScheme, deviceScaleFactor: 1.5, hasTouch: size.width < 800, isMobile: size.width < 800, serviceWorkers: "block" });
  const page = await context.newPage();
  await page.addInitScript((stored) => localStorage.setItem("limner", JSON.stringify(stored)), settings);
  await page.goto(base);
  await page.waitForSelector("#message-actions button");
  if (!settings.welcome) {
    await page.evaluate((id) => document.getElementById(id).click(), settings.photo ? "pick-photo" : "pick-clip");
    await page.waitForSelector("#frame.live", { timeout: 120_000 });
    await page.waitForTimeout(4000);
  }
  await work(page);
  await page.waitForTimeout(600);
  const picture = await page.screenshot({ type: "png" });
  await context.close();
  return picture;
}

/** A state of the page before any picture: what `act` leads to, once there is a message that matches, with `models` kept back or missing. */
async function state(colorScheme, act, says, { within = browser, models = null, settings = {} } = {}) {
  const context = await within.newContext({ viewport: STATE, colorScheme, deviceScaleFactor: 1, serviceWorkers: "block" });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  if (models) await context.route(/\/models\/(.*\/)?tiny\.(json|tflite)$/, models);
  await page.addInitScript((stored) => localStorage.setItem("limner", JSON.stringify(stored)), settings);
  await page.goto(base);
  await page.waitForSelector("#message-actions button");
  await act(page);
  await page.waitForFunction((text) => new RegExp(text).test(document.body.innerText), says);
  await page.waitForTimeout(600);
  const picture = await page.screenshot({ type: "png" });
  await context.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
  return picture;
}

/** Pictures side by side, in rows of `columns`, as a JPEG. */
async function sheet(name, pictures, width, columns = pictures.length) {
  const page = await browser.newPage({ viewport: { width, height: 100 }, deviceScaleFactor: 1 });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture.toString("base64")}">`).join("");
  await page.setContent(`<style>body{margin:0;background:#fff;display:grid;grid-template-columns:repeat(${columns},minmax(0,1fr));gap:16px}img{width:100%;height:auto;align-self:start;border-radius:10px;box-shadow:inset 0 0 0 1px #0002}</style>${images}`);
  await page.screenshot({ path: join(folder, `${name}.jpg`), type: "jpeg", quality: 86, fullPage: true });
  await page.close();
}

const tab = (name) => (page) => page.click(`#tab-${name}`);
const STATE = { width: 1000, height: 640 };
const camera = (page) => page.click("#message-actions button:text-is('Start camera')");
const photo = (page) => page.evaluate(() => document.getElementById("pick-photo").click());
const tiny = { settings: { model: "tiny" } };
const states = [
  await state("light", () => {}, "Change what is behind you"),
  await state("dark", photo, "Getting ready|Loading", { ...tiny, models: (route) => (route.request().url().endsWith(".json") ? route.continue() : undefined) }), // kept waiting
  await state("light", photo, "cannot be loaded", { ...tiny, models: (route) => route.fulfill({ status: 404 }) }),
  await state("dark", camera, "not allowed|blocked", { within: refusing }),
  await state("light", camera, "No camera found"),
  await state("dark", (page) => page.click("#help-open"), "Keyboard|Shortcuts|shortcuts"),
];
await sheet("page-states", states, 1280, 2);

const phone = { width: 390, height: 780 };
await sheet("page", [await shown({ width: 1280, height: 760 }, "dark", { effect: "replace", background: "room" })], 1280);
const phones = [
  await shown(phone, "light", { welcome: true }),
  await shown(phone, "light", { photo: true, effect: "replace", background: "lake" }),
  await shown(phone, "dark", { photo: true, effect: "transparent" }, tab("edges")),
  await shown(phone, "dark", { photo: true }, async (page) => {
    await page.click("#tab-engine");
    await page.click("#grip");
  }),
];
await sheet("page-phone", phones, 1280);
await browser.close();
await refusing.close();
