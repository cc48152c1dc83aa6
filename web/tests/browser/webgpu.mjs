/** What tests/web/test_webgpu.py asks: node webgpu.mjs '{"url", "scene", "args", "pictures"}'; prints what the scene found. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onPage } from "./browser.mjs";
import { LOSSES } from "./webgpu/losses.mjs";
import { MATTES } from "./webgpu/mattes.mjs";
import { PICTURES } from "./webgpu/pictures.mjs";

const SCENES = { ...MATTES, ...PICTURES, ...LOSSES };

/** WebGPU on the CPU, sharing frames of videos with the rest of the browser. */
const FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--use-vulkan=swiftshader", "--enable-features=Vulkan", "--ignore-gpu-blocklist"];

const { url, scene, args, pictures } = JSON.parse(process.argv[2]);

await onPage(
  url,
  async (page) => {
    await page.evaluate(() => import("/stage.js"));
    const { pictures: drawn = {}, ...found } = await SCENES[scene](page, ...args);
    if (pictures) {
      await mkdir(pictures, { recursive: true });
      for (const [name, data] of Object.entries(drawn)) await writeFile(join(pictures, `${name.replaceAll(" ", "_")}.png`), Buffer.from(data, "base64"));
    }
    return found;
  },
  { flags: FLAGS },
);
