// Renders public/icon.svg to the PNG files that the manifest names: node web/page/tools/icons.mjs [chromium]
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const folder = join(import.meta.dirname, "../public");
const drawing = await readFile(join(folder, "icon.svg"), "utf8");
// Launchers cut maskable icons to circles and more: the whole square is filled, and the figure stands in its middle 80 %.
const maskable = drawing.replace('rx="116"', 'rx="0"').replace('<circle', '<g transform="translate(51 66) scale(0.8)"><circle').replace(/(<path d="M70[^>]*>)/, "$1<path d=\"M70 500h372v140H70z\" fill=\"#fbf4ea\"/></g>");

const browser = await chromium.launch({ executablePath: process.argv[2] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage();
for (const [name, size, source] of [["icon-192", 192, drawing], ["icon-512", 512, drawing], ["icon-180", 180, maskable], ["icon-maskable", 512, maskable]]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>${source}`);
  await page.screenshot({ path: join(folder, `${name}.png`), omitBackground: true });
}
await browser.close();
