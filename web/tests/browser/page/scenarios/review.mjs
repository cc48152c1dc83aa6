// The page of `limner data review`: photos decided by keys, masks painted, undone, snapped and taken back, kept on the server.
import assert from "node:assert/strict";

export const needs = { context: { viewport: { width: 1000, height: 700 }, colorScheme: "dark" } };

const shown = (page, index) => page.waitForFunction((wanted) => document.body.dataset.shown === String(wanted), index);
const said = (page, verdict) => page.waitForFunction((wanted) => document.querySelector("#verdict").textContent === wanted, verdict);

export default async function review({ page, base }) {
  const troubles = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  await page.goto(base);
  await shown(page, 0);

  // Where a place of the photo, 160 × 120, is on the screen: the whole photo fits in the middle of the canvas.
  const box = await page.$eval("#canvas", (found) => found.getBoundingClientRect().toJSON());
  const scale = Math.min(box.width / 160, box.height / 120) * 0.98;
  const at = (x, y) => [box.x + box.width / 2 + (x - 80) * scale, box.y + box.height / 2 + (y - 60) * scale];
  const stroke = async (...places) => {
    await page.mouse.move(...at(...places[0]));
    await page.mouse.down();
    for (const place of places) await page.mouse.move(...at(...place), { steps: 8 });
    await page.mouse.up();
  };

  // Decide by a key, go back, take it back, decide again.
  await page.keyboard.press("x");
  await shown(page, 1);
  await page.keyboard.press("ArrowLeft");
  await said(page, "rejected");
  await page.keyboard.press("u");
  await said(page, "undecided");
  await shown(page, 0);
  await page.keyboard.press("a");
  await shown(page, 1);

  // Paint at the top, and at the bottom, which is undone; what is painted is kept without being asked.
  await page.keyboard.press("b");
  assert.equal(await page.getAttribute("[data-tool=paint]", "aria-pressed"), "true");
  await stroke([40, 6], [120, 6]);
  await said(page, "repaired");
  await stroke([40, 110], [120, 110]);
  await page.keyboard.press("z");
  await page.keyboard.press("ArrowRight"); // saves what is unsaved, then goes on
  await shown(page, 2);
  await page.keyboard.press("ArrowLeft");
  await shown(page, 1);
  await said(page, "repaired");

  // Every view draws something else; zooming, too.
  const drawn = () => page.$eval("#canvas", (canvas) => canvas.toDataURL().length + canvas.toDataURL().slice(-4000));
  const looks = new Set();
  for (let each = 0; each < 5; each += 1) {
    looks.add(await drawn());
    await page.keyboard.press("v");
  }
  looks.add((await page.keyboard.press("+"), await drawn()));
  assert.equal(looks.size, 6);
  await page.keyboard.press("0");

  await page.keyboard.press("ArrowRight");
  await shown(page, 2);
  await page.click("[data-do=reject]"); // by the mouse
  await shown(page, 3);

  // The mask is too small: a stroke of the snapping brush along the outline finds the edge.
  await page.keyboard.press("s");
  await page.fill("#size", "90");
  const ring = [...Array(17).keys()].map((step) => [80 + 33 * Math.cos((step / 8) * Math.PI), 60 + 33 * Math.sin((step / 8) * Math.PI)]);
  await stroke(...ring);
  await said(page, "repaired");
  await page.keyboard.press("?");
  assert.ok(await page.isVisible("#keys"));
  await page.keyboard.press("a"); // the help is open: no key decides
  await page.keyboard.press("Escape");

  // Opened again, it goes on where nothing is decided, or at the beginning; what was said is there.
  await page.goto("about:blank");
  await page.goto(base);
  await shown(page, 0);
  await said(page, "accepted");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("k");
  await page.goto("about:blank");
  await page.goto(`${base}#4`);
  await shown(page, 3);
  await said(page, "repaired");
  assert.deepEqual(troubles, []);
  return { counts: await page.textContent("#count") };
}
