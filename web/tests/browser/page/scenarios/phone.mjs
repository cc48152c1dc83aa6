// On phones, both ways up and down to 320 pixels: nothing is cut off, the picture stays in sight, every control is reached.
import assert from "node:assert/strict";
import { live, open, resized } from "../steps.mjs";

export const needs = { context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } };

const SIZES = [[390, 844], [844, 390], [320, 568], [568, 320], [768, 1024]];

export default async function ({ page, base }) {
  await open(page, base);
  await page.tap("#tab-source");
  await page.tap("#pick-photo"); // stands still, so that the machine has time for the page
  await live(page);
  await page.tap("#tab-effect");
  for (const [width, height] of SIZES) {
    await resized(page, width, height);
    for (const tab of ["source", "effect", "edges", "engine"]) {
      await page.tap(`#tab-${tab}`);
      const found = await page.evaluate((name) => {
        const box = (id) => document.getElementById(id).getBoundingClientRect();
        const [frame, controls, panel] = [box("frame"), box("controls"), box(name)];
        const overlap = Math.max(0, Math.min(frame.right, controls.right) - Math.max(frame.left, controls.left)) * Math.max(0, Math.min(frame.bottom, controls.bottom) - Math.max(frame.top, controls.top));
        const small = [...document.querySelectorAll(".toolbar button, .tabs button")].filter((one) => one.offsetParent && one.getBoundingClientRect().height < 32).map((one) => one.id);
        const out = [...document.querySelectorAll(`.toolbar button, .tabs button, #${name} button:not(.tile, .own), #${name} input:not(.sr), #${name} select`)].filter((one) => {
          const { left, right, width: wide } = one.getBoundingClientRect();
          return one.offsetParent && wide && (left < -1 || right > innerWidth + 1);
        });
        return { wide: document.documentElement.scrollWidth - innerWidth, overlap, small, out: out.map((one) => one.id || one.textContent), area: frame.width * frame.height, inside: frame.top >= 0 && frame.bottom <= innerHeight + 1, panel: panel.height };
      }, tab);
      const where = `${tab} at ${width} × ${height}: ${JSON.stringify(found)}`;
      assert.ok(found.wide <= 0, `sideways scrolling, ${where}`);
      assert.equal(found.overlap, 0, `the controls cover the picture, ${where}`);
      assert.ok(found.inside && found.area > 0.08 * width * height, `the picture is too small, ${where}`);
      assert.deepEqual([found.small, found.out], [[], []], where);
      assert.ok(found.panel > 40, where);
    }
  }
  await resized(page, 390, 844);
  const height = () => page.evaluate(() => document.getElementById("controls-body").offsetHeight);
  await page.tap("#tab-edges");
  const low = await height();
  await page.tap("#grip");
  await page.waitForFunction((before) => document.getElementById("controls-body").offsetHeight > before + 50, low);
  assert.ok(await page.evaluate(() => document.getElementById("frame").getBoundingClientRect().height > 80), "the picture is gone");
}
