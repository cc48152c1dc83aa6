/**
 * Mattes of pictures from each runtime: node runtimes.mjs '{"url", "out", "runs": [{runtime, model, threads}], "pictures": [path]}'
 *
 * Writes <out>/<number of the run>-<number of the picture>.bin, a byte a pixel, and prints what each run was: the segmenter's info,
 * the matte's size and the size at which the net saw the picture, or why it failed and whether anything was drawn.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onPage } from "./browser.mjs";

const { url, out, runs, pictures, flags } = JSON.parse(process.argv[2]);

await onPage(
  url,
  async (page) => {
    const told = [];
    for (const [number, run] of runs.entries()) {
      const found = await page.evaluate(seen, { run, pictures });
      for (const [index, matte] of (found.mattes ?? []).entries()) {
        await writeFile(join(out, `${number}-${index}.bin`), Buffer.from(matte.data, "base64"));
        delete matte.data;
      }
      told.push(found);
    }
    return told;
  },
  { flags },
);

/** Runs in the page. */
async function seen({ run, pictures }) {
  let segmenter;
  try {
    segmenter = await globalThis.limner.createSegmenter({ assets: "/", ...run });
  } catch (error) {
    return { error: error.message, code: error.code };
  }
  const look = { effect: "mask", softness: 1, hysteresis: 0, steadiness: 0 };
  const mattes = [];
  try {
    for (const path of pictures) {
      const canvas = document.createElement("canvas");
      const states = [];
      let input = null;
      const view = segmenter.attach(canvas, look, { onState: (state, message) => states.push([state, message ?? null]), onStats: (stats) => (input = stats.input) });
      const picture = await createImageBitmap(await (await fetch(path)).blob());
      await view.show(picture).catch(() => undefined);
      const matte = await view.matte().catch(() => null);
      if (!matte) return { info: segmenter.info, error: states.at(-1)[1], states };
      const { width, height, data } = matte;
      let text = "";
      for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
      mattes.push({ width, height, input, data: btoa(text) });
      view.close();
    }
    return { info: segmenter.info, mattes };
  } finally {
    segmenter.close();
  }
}
