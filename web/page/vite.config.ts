/** Builds the page into the Python package, whose `limner web` serves it. */
import { resolve } from "node:path";
import { defaultClientConditions, defineConfig } from "vite";
import { lightImports } from "../vite/light_imports.ts";
import { OWN_CHUNKS } from "../vite/own_chunks.ts";
import { shortShaders } from "../vite/shader_text.ts";
import { workerChunk } from "../vite/worker_chunk.ts";
import { contentPolicy, earlyTheme, ISOLATION, models, runtimes, serviceWorker } from "./plugins.ts";

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  base: "./",
  resolve: {
    alias: { "limner-web": resolve(here, "../lib/src/index.ts") },
    conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions],
  },
  plugins: [workerChunk(), lightImports(), shortShaders(), earlyTheme(), contentPolicy(), runtimes(), models(), serviceWorker()],
  server: { headers: ISOLATION, fs: { allow: [resolve(here, "../..")] } },
  preview: { headers: ISOLATION },
  worker: { format: "es" },
  build: {
    target: "es2022",
    outDir: resolve(here, "../../src/limner/web/static"),
    emptyOutDir: true,
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { output: OWN_CHUNKS, checks: { pluginTimings: false } },
  },
});
