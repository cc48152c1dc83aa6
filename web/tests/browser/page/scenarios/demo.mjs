// The page of `limner demo`, opened from the disk: pictures load, sliders move, effects change, clips run in step, commands are copied.
import assert from "node:assert/strict";

export const needs = { context: { viewport: { width: 375, height: 720 }, colorScheme: "dark", reducedMotion: "no-preference", permissions: ["clipboard-read", "clipboard-write"] } };

/** How much of the picture is before, in per cent of its width, as it is drawn. */
const at = (page, where) => page.$eval(`${where} .after`, (layer) => parseFloat(getComputedStyle(layer).clipPath.split(" ").pop()));

const loaded = (page) => page.waitForFunction(() => [...document.images].every((image) => image.complete && image.naturalWidth > 0));

export default async function demo({ page, base, command }) {
  const troubles = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && troubles.push(message.text()));
  page.on("requestfailed", (request) => troubles.push(`${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(base);
  await loaded(page);

  // The pointer: a quarter of the way in, then dragged to four fifths.
  const box = await page.$eval("#photo .compare", (found) => found.getBoundingClientRect().toJSON());
  const x = (share) => box.x + share * box.width;
  await page.mouse.move(x(0.25), box.y + 100);
  await page.mouse.down();
  assert.ok(Math.abs((await at(page, "#photo")) - 25) < 1);
  await page.mouse.move(x(0.8), box.y + 120, { steps: 4 });
  await page.mouse.up();
  assert.ok(Math.abs((await at(page, "#photo")) - 80) < 1);
  await page.mouse.move(x(0.1), box.y + 120);
  assert.ok(Math.abs((await at(page, "#photo")) - 80) < 1); // nobody holds it any more

  // The keyboard alone, and what it says to who does not see it.
  await page.focus("#photo input[type=range]");
  await page.keyboard.press("Home");
  assert.equal(await at(page, "#photo"), 0);
  await page.keyboard.press("ArrowRight");
  assert.equal(await at(page, "#photo"), 1);
  assert.equal(await page.getAttribute("#photo input[type=range]", "aria-valuetext"), "1 % before, 99 % after");

  // Every effect of the photo, by the arrow keys of its radio buttons.
  const shown = [];
  await page.focus("#photo .choices input:checked");
  for (let count = await page.locator("#photo .choices input").count(); count > 0; count--) {
    await loaded(page);
    shown.push(await page.getAttribute("#photo .after img", "src"));
    await page.keyboard.press("ArrowRight");
  }
  assert.deepEqual(shown, command.photos);

  // Both clips, in step.
  await page.$eval("#clip", (section) => section.scrollIntoView());
  await page.waitForFunction(() => [...document.querySelectorAll("#clip video")].every((video) => video.currentTime > 0.2 && !video.paused));
  await page.click("#play");
  await page.waitForFunction(() => {
    const [one, other] = document.querySelectorAll("#clip video");
    return one.paused && other.paused && Math.abs(one.currentTime - other.currentTime) < 0.06;
  });
  assert.equal(await page.textContent("#play"), "Play");
  const [first, second] = command.clips;
  assert.equal(await page.getAttribute("#clip .after video", "src"), first);
  await page.check(`#clip .choices input[value='${second}']`);
  await page.waitForFunction(() => document.querySelectorAll("#clip video")[1].readyState > 2);
  assert.deepEqual(await page.$$eval(".times", (all) => all.filter((one) => one.checkVisibility()).map((one) => one.dataset.file)), [second]);

  // A command, copied.
  await page.locator(".copy").last().click();
  await page.waitForFunction(() => document.querySelector("#said").textContent === "Copied.");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator("#next code").last().textContent());

  // Nothing is wider than a phone; the colours are those of the system, or those that are asked for.
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
  const ground = () => page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
  const dark = await ground();
  await page.check("#light");
  const light = await ground();
  assert.notEqual(light, dark);
  await page.check("#dark");
  assert.equal(await ground(), dark);
  assert.deepEqual(troubles, []);
}
