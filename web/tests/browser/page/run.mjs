// Runs scenarios in Chromium: commands come as lines of JSON on stdin, results go as lines of JSON to stdout.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const settings = JSON.parse(process.argv[2]);

const FLAGS = [
  "--no-sandbox", // it opens one page, ours; as root and in containers it would not start otherwise
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  // Pages and plain canvases are drawn by the CPU itself. Debian's Chromium has the emulated graphics device draw them, which is slower; and
  // a page that reads a canvas that a worker draws then stands still, for minutes at times.
  "--disable-gpu-rasterization",
  "--disable-accelerated-2d-canvas",
  "--autoplay-policy=no-user-gesture-required",
  // Nothing but the page: Chromium looks up hosts of its own accord, too.
  "--host-resolver-rules=MAP limner.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];
const CAMERAS = {
  // A camera that shows the clip, and a person who says yes.
  allowed: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${settings.camera}`],
  // The same camera, and a person who says no.
  refused: ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${settings.camera}`],
  // No camera at all.
  none: ["--use-fake-ui-for-media-stream"],
};

const browsers = new Map();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function browserWith(camera) {
  if (!browsers.get(camera)?.isConnected()) browsers.set(camera, await chromium.launch({ executablePath: settings.chromium, args: [...FLAGS, ...CAMERAS[camera]], timeout: LIMIT * 1000 }));
  return browsers.get(camera);
}

let asked = false;

async function ask(what) {
  asked = true;
  say({ ask: what });
  await lines.next();
}

/** Seconds that a scenario may take; on an idle machine they take a fiftieth of it. A single wait may take most of it. */
const LIMIT = 900;
/** Seconds within which a page that is not hanging says something. */
const ALIVE = 180;

const within = (seconds, promise) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`took more than ${seconds} s`)), seconds * 1000)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** The page, which remembers what was last asked of it. */
function remembering(page, last) {
  return new Proxy(page, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...given) => {
        last.call = `${String(name)}(${String(given[0]).slice(0, 200)})`;
        return value.apply(target, given);
      };
    },
  });
}

/** The browser hangs, whatever the page does: not a fault that a scenario looks for. */
class Silent extends Error {}

/** Asks the page again and again whether it is there. @throws Silent where it does not answer; returns when `ended` says so. */
async function watched(page, ended, last) {
  while (!ended()) {
    const pulse = within(ALIVE, page.evaluate("0")).catch((error) => error);
    const { message = "" } = (await pulse) || {};
    if (message.startsWith("took more than") && !ended()) throw new Silent(`the page does not answer, after ${last.call}`);
    await new Promise((done) => setTimeout(done, 1000));
  }
}

/** What a page shows that a scenario waits for in vain. @throws where it does not answer */
const shown = (page) => within(60, page.evaluate(() => `${document.querySelector("#frame")?.className}: ${document.body.innerText.slice(0, 600)}`));

async function run(command) {
  const { default: scenario, needs = {} } = await import(`./scenarios/${command.run}.mjs`);
  const camera = needs.camera ?? "allowed";
  const browser = await browserWith(camera);
  // Without transitions: what is measured is where it will stay.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, reducedMotion: "reduce", ...needs.context });
  await context.addInitScript(rememberToasts);
  const troubles = [];
  let failed = true;
  const last = { call: "nothing" };
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT * 900);
    page.on("pageerror", (error) => troubles.push(`error on the page: ${error.message}`));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) troubles.push(message.text());
    });
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (!["blob:", "data:"].includes(protocol) && host !== new URL(command.base).host) troubles.push(`asked ${request.url()}`);
    });
    const going = scenario({ page: remembering(page, last), context, browser, base: command.base, command, ask });
    going.catch(() => {}); // what it says after its time is up
    let over = false;
    const silent = watched(page, () => over, last).then(() => new Promise(() => {}));
    silent.catch(() => {});
    const result = await within(LIMIT, Promise.race([going, silent])).finally(() => (over = true)).catch(async (error) => {
      if (error instanceof Silent) throw error;
      const seen = await shown(page).catch(() => {
        throw new Silent(`the page does not answer, after ${last.call}: ${error.message}`);
      });
      throw new Error(`${error.stack ?? error}\nlast asked: ${last.call}\nshown then: ${seen}\n${troubles.join("\n")}`);
    });
    if (troubles.length && !needs.troubles) throw new Error(troubles.join("\n"));
    failed = false;
    return result;
  } finally {
    // What has failed may have left something behind: the next scenario, or this one once more, starts from nothing.
    if (failed) await abandon(camera);
    else await within(60, context.close()).catch(() => abandon(camera));
  }
}

/** In the page: what toasts said, for waits that are late. A toast goes after a few seconds. */
function rememberToasts() {
  window.toasts = [];
  const seen = new WeakSet();
  new MutationObserver(() => {
    for (const toast of document.querySelectorAll(".toast")) {
      if (!seen.has(toast)) window.toasts.push(toast.textContent);
      seen.add(toast);
    }
  }).observe(document, { childList: true, subtree: true });
}

/** Forget a browser; the next scenario starts another one. */
async function abandon(camera) {
  const browser = browsers.get(camera);
  browsers.delete(camera);
  await within(60, browser.close()).catch(() => {});
}

/** A scenario, once more in a new browser where the first one stopped answering. */
async function tried(command) {
  asked = false;
  try {
    return await run(command);
  } catch (error) {
    if (!(error instanceof Silent) || asked) throw error;
    process.stderr.write(`${command.run}: ${error.message}; once more in a new browser\n`);
    return run(command);
  }
}

for (let line = await lines.next(); !line.done; line = await lines.next()) {
  try {
    say({ result: (await tried(JSON.parse(line.value))) ?? null });
  } catch (error) {
    say({ error: String(error.stack ?? error).slice(0, 4000) });
  }
}
for (const browser of browsers.values()) await within(60, browser.close()).catch(() => {});
process.exit();
