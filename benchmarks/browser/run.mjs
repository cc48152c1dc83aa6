/**
 * Drives Chromium over the pages: node run.mjs JOB, a JSON object; prints what was found as JSON.
 *
 * {"masks": {"clips": {name: frames}, "names": [contender]}}: masks, as files in `out`, and who else was asked for something.
 * {"times": {"names", "clip", "frames", "rounds", "each"}}: a list for each contender, of milliseconds a mask that the processors
 *   `spent` and that `passed`, in rounds in which contenders took turns of `each` frames.
 * {"pipelines": {"names", "clip", "frames", "patience"}}: what whole pipelines do, each in a browser of its own.
 */

import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { chromium } from "../../web/node_modules/playwright-core/index.mjs";

const job = JSON.parse(process.argv[2]);
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm", ".png": "image/png" };
const FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];

const server = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://here").pathname));
  if (request.method === "POST" && path.startsWith("/masks/")) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const file = join(job.out, `${path}.bin`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, Buffer.concat(parts));
    return response.end();
  }
  for (const root of [job.site, job.clips]) {
    const file = join(root, path);
    if (!(await stat(file).catch(() => null))?.isFile()) continue;
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" });
    return createReadStream(file).pipe(response);
  }
  response.writeHead(404).end();
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const home = `http://127.0.0.1:${server.address().port}`;

/** Milliseconds that processors have spent on this program's descendants: the browser. Other programs do not count. */
function processorTime() {
  const parents = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat) parents.set(pid, stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  }
  const mine = (pid) => pid !== undefined && pid !== "0" && (pid === String(process.pid) || mine(parents.get(pid)));
  let sum = 0;
  for (const [pid, parent] of parents) {
    if (!mine(parent)) continue;
    for (const task of list(`/proc/${pid}/task`)) sum += Number(read(`/proc/${pid}/task/${task}/schedstat`)?.split(" ")[0] ?? 0);
  }
  return sum / 1e6;
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it has ended
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** Opens a page in a browser of its own; `foreign` gets the addresses elsewhere that it asks for, and is not given. */
async function withPage(name, work) {
  const alone = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: process.env.LIMNER_CHROMIUM, args: [...alone, ...FLAGS] });
  try {
    const page = await browser.newPage();
    const foreign = new Set();
    await page.route(
      (address) => address.origin !== home && /^https?:/.test(address.protocol),
      (route) => {
        foreign.add(new URL(route.request().url()).host);
        return route.abort();
      },
    );
    page.on("pageerror", (error) => console.error(`[error] ${error.message}`));
    page.on("console", (message) => message.type() === "error" && console.error(`[console] ${message.text()}`));
    await page.goto(`${home}/${name}.html`);
    await page.waitForFunction("globalThis.bench");
    return await work(page, foreign);
  } finally {
    await browser.close();
  }
}

const found = {};
if (job.masks) {
  found.masks = {};
  for (const name of job.masks.names) {
    found.masks[name] = await withPage("masks", async (page, foreign) => {
      for (const [clip, count] of Object.entries(job.masks.clips)) await page.evaluate(([...given]) => globalThis.bench.play(...given), [name, clip, count]);
      return { foreign: [...foreign] };
    });
  }
}
if (job.times) {
  const { names, clip, frames, rounds, each } = job.times;
  found.times = await withPage("masks", async (page) => {
    await page.evaluate(([...given]) => globalThis.bench.hold(...given), [clip, frames]);
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = -1; round < rounds; round++) {
      // Who begins changes, so that what the one leaves behind does not always hit the same other.
      for (const name of round % 2 ? [...names].reverse() : names) {
        const before = processorTime();
        const passed = await page.evaluate(([...given]) => globalThis.bench.turn(...given), [name, (round + 1) * each, each]);
        const spent = (processorTime() - before) / each;
        if (round >= 0) times[name].push({ spent, passed });
      }
    }
    return times;
  });
}
if (job.pipelines) {
  const { names, clip, frames, patience } = job.pipelines;
  found.pipelines = {};
  for (const name of names) {
    found.pipelines[name] = await withPage("pipelines", async (page, foreign) => {
      const seen = await page.evaluate(([...given]) => globalThis.bench.watch(...given), [name, clip, frames, patience]);
      return { ...seen, foreign: [...foreign] };
    });
  }
}
console.log(JSON.stringify(found));
server.close();
server.closeAllConnections();
