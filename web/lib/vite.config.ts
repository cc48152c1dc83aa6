/** Builds the package: modules, the worker beside them, and the runtimes' own files and the default model in assets/. */

import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";
import { shortShaders } from "../vite/shader_text.ts";
import { workerChunk } from "../vite/worker_chunk.ts";
import { RUNTIME_FILES, packageFolder } from "../runtime_files.ts";

const here = import.meta.dirname;
const MODELS = resolve(here, "../../src/limner/models");
const NAMES = ["fast", "video"];
const CONVERTED = resolve(here, "../../src/limner/web/models");

function assets(): Plugin {
  return {
    name: "limner-assets",
    async closeBundle() {
      const to = join(here, "dist/assets");
      for (const { from, files, into } of RUNTIME_FILES) {
        for (const file of files) await copy(join(packageFolder(from), file), join(to, into, file.split("/").pop()!));
      }
      for (const name of NAMES) {
        for (const end of [".onnx", ".json"]) await copy(join(MODELS, name + end), join(to, "models", name + end));
        for (const kind of ["litert", "tfjs"]) await cp(join(CONVERTED, kind), join(to, "models", kind), { recursive: true, filter: (path) => path.endsWith(kind) || path.includes(`/${name}.`) });
      }
      await writeFile(join(to, "models/index.json"), JSON.stringify(await index(), null, 1));
      await copy(resolve(here, "../../NOTICE"), join(here, "NOTICE"));
    },
  };
}

/** As limner/web/shelf.py has it, as far as this package reads it. */
async function index(): Promise<object> {
  const models = await Promise.all(
    NAMES.map(async (name) => {
      const card = JSON.parse(await readFile(join(MODELS, `${name}.json`), "utf8")) as { input: { size: [number, number] } };
      const [height, width] = card.input.size;
      return { name, format: "onnx", formats: ["onnx", "tflite", "tfjs"], card: `${name}.json`, width, height };
    }),
  );
  return { schema: 1, default: NAMES[0], models };
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}

export default defineConfig({
  root: here,
  base: "./",
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  plugins: [workerChunk(), shortShaders(), assets()],
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    lib: { entry: { index: resolve(here, "src/index.ts") }, formats: ["es"] },
    rollupOptions: { output: { entryFileNames: "[name].js", chunkFileNames: "chunks/[name]-[hash].js" } },
  },
});
