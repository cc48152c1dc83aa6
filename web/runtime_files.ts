/** The files that the runtimes fetch for themselves, by package: copied beside the page and into the npm package. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface RuntimeFiles {
  from: string;
  files: string[];
  into: string;
}

export const RUNTIME_FILES: RuntimeFiles[] = [
  {
    from: "onnxruntime-web",
    files: ["", ".asyncify"].flatMap((kind) => [".mjs", ".wasm"].map((end) => `dist/ort-wasm-simd-threaded${kind}${end}`)),
    into: "runtimes/ort",
  },
  {
    from: "@litertjs/core",
    files: ["litert_wasm", "litert_wasm_threaded", "litert_wasm_compat"].flatMap((name) => [`wasm/${name}_internal.js`, `wasm/${name}_internal.wasm`]),
    into: "runtimes/litert",
  },
  {
    from: "@tensorflow/tfjs-backend-wasm",
    files: ["simd.wasm", "threaded-simd.wasm", "threaded-simd.js"].map((name) => `wasm-out/tfjs-backend-wasm-${name}`),
    into: "runtimes/tfjs",
  },
];

/** Folder of an installed package. */
export function packageFolder(name: string): string {
  const require = createRequire(join(import.meta.dirname, "lib/package.json"));
  let folder = dirname(require.resolve(name));
  while (!folder.endsWith(join("node_modules", ...name.split("/")))) folder = dirname(folder);
  return folder;
}
