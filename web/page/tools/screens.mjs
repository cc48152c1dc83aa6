// Makes the pictures of docs/browser.md from a page that `limner web` serves: node web/page/tools/screens.mjs http://127.0.0.1:8765/ docs/images [chromium]
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base, folder, executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
const browser = await chromium.launch({ executablePath, args: FLAGS });

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

/** Pictures side by side, as a JPEG. */
async function sheet(name, pictures, width) {
  const page = await browser.newPage({ viewport: { width, height: 100 }, deviceScaleFactor: 1 });
  const images = pictures.map((picture) => `<img src="data:image/png;base64,${picture.toString("base64")}">`).join("");
  await page.setContent(`<style>body{margin:0;background:#fff;display:flex;gap:16px}img{min-width:0;flex:1;height:auto;align-self:start;border-radius:10px;box-shadow:inset 0 0 0 1px #0002}</style>${images}`);
  await page.screenshot({ path: join(folder, `${name}.jpg`), type: "jpeg", quality: 86, fullPage: true });
  await page.close();
}

const tab = (name) => (page) => page.click(`#tab-${name}`);
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
