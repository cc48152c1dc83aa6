// Everything by keyboard, every control with a name, and single keys that can be switched off.
import assert from "node:assert/strict";
import { becomes, live, open } from "../steps.mjs";

export default async function ({ page, base }) {
  await open(page, base);
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, input, select, a, [role]")]
      .filter((one) => one.checkVisibility() && !one.closest("[aria-hidden=true]"))
      .filter((one) => !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.labels?.length || one.textContent.trim()))
      .map((one) => one.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(nameless, []);

  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "controls");

  const reached = new Set();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const { id, ring } = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === document.body) return { id: "", ring: "" };
      const seen = one.type === "checkbox" ? one.parentElement.querySelector(".switch-track") : one;
      return { id: one.id || one.dataset.effect || one.dataset.background || one.textContent.trim(), ring: getComputedStyle(seen).outlineStyle };
    });
    if (reached.has(id) && id === "pick-camera") break;
    if (id) assert.equal(ring, "solid", `no focus is seen on ${id}`);
    reached.add(id);
  }
  for (const id of ["pick-camera", "pick-file", "pick-clip", "pick-photo", "resolution", "blur", "slider-blur", "magenta", "slider-threshold", "slider-hysteresis", "slider-softness", "slider-steadiness", "edges-reset", "model", "runtime", "renderer"]) {
    assert.ok(reached.has(id), `${id} is not reached by Tab: ${[...reached]}`);
  }

  await page.focus("[data-effect=blur][role=radio]");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.effect), "replace");
  assert.equal(await page.getAttribute("[data-effect=replace][role=radio]", "aria-checked"), "true");

  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("?");
  assert.ok(await page.isVisible("#help"));
  await page.keyboard.press("Escape");
  assert.ok(!(await page.isVisible("#help")));

  await page.focus("#pick-photo");
  await page.keyboard.press("Enter");
  await live(page);
  await page.keyboard.press("5");
  await becomes(page, [0.04, 0.05], [0, 0, 0, 255]);
  await page.keyboard.press("x");
  await becomes(page, [0.04, 0.05], [255, 0, 255, 255]);
  await page.keyboard.press("x");

  await page.keyboard.press("?");
  await page.locator("label:has(#shortcuts)").click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("6");
  assert.equal(await page.getAttribute("[data-effect=mask][role=radio]", "aria-checked"), "true");
}
