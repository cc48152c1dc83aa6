// Runs scenarios in Chromium: commands come as lines of JSON on stdin, results go as lines of JSON to stdout.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const settings = JSON.parse(process.argv[2]);

const FLAGS = [
  "--no-sandbox", // it opens one page, ours; as root and in containers it would not start otherwise
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
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
  if (!browsers.has(camera)) browsers.set(camera, await chromium.launch({ executablePath: settings.chromium, args: [...FLAGS, ...CAMERAS[camera]] }));
  return browsers.get(camera);
}

let asked = false;

async function ask(what) {
  asked = true;
  say({ ask: what });
  await lines.next();
}

/** Seconds that a scenario may take; on a machine that does much else besides they take a tenth of it. */
const LIMIT = 240;

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

/** What a page shows that a scenario waits for in vain. @throws where it does not answer */
const shown = (page) => within(20, page.evaluate(() => `${document.querySelector("#frame")?.className}: ${document.body.innerText.slice(0, 600)}`));

/** The browser hangs, whatever the page does: not a fault that a scenario looks for. */
class Silent extends Error {}

async function run(command) {
  const { default: scenario, needs = {} } = await import(`./scenarios/${command.run}.mjs`);
  const camera = needs.camera ?? "allowed";
  const browser = await browserWith(camera);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...needs.context });
  const troubles = [];
  const last = { call: "nothing" };
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT * 500);
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
    const result = await within(LIMIT, going).catch(async (error) => {
      const seen = await shown(page).catch(() => {
        throw new Silent(`the page does not answer, after ${last.call}: ${error.message}`);
      });
      throw new Error(`${error.stack ?? error}\nlast asked: ${last.call}\nshown then: ${seen}\n${troubles.join("\n")}`);
    });
    if (troubles.length && !needs.troubles) throw new Error(troubles.join("\n"));
    return result;
  } finally {
    await within(30, context.close()).catch(() => abandon(camera));
  }
}

/** Forget a browser that does not answer; the next scenario starts another one. */
async function abandon(camera) {
  const browser = browsers.get(camera);
  browsers.delete(camera);
  await within(30, browser.close()).catch(() => {});
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
for (const browser of browsers.values()) await browser.close();
