/** TensorFlow.js on the CPU: WebAssembly with SIMD, and threads where the page is cross-origin isolated. */

import "@tensorflow/tfjs-backend-wasm/dist/register_all_kernels.js";
import { BackendWasm, getThreadsCount, setThreadsCount } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js";
import type { BackendWasmModule, WasmFactoryConfig } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";
import oneThread from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";
// @ts-expect-error: a script without types
import { wasmWorkerContents } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.worker.js";
import manyThreads from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js";
import { ready, registerBackend, setBackend } from "@tensorflow/tfjs-core";
import type { Net, RuntimeOptions } from "./net.ts";
import { openGraph } from "./tfjs_net.ts";

type Module = BackendWasmModule & { cwrap(name: string, gives: null | "number", takes: "number"[]): (...numbers: number[]) => never };

let started: Promise<void> | null = null;

export async function open({ model, base, threads }: RuntimeOptions): Promise<Net> {
  started ??= register(base, threads).catch((error: unknown) => {
    started = null;
    throw error;
  });
  await started;
  await setBackend("wasm");
  await ready();
  return openGraph(model, "tfjs-wasm", threads > 1 ? getThreadsCount() : 1);
}

async function register(base: URL, threads: number): Promise<void> {
  setThreadsCount(threads);
  const module = await start(base, threads > 1);
  registerBackend("wasm", () => new BackendWasm(module));
}

/**
 * What the package's own start does, but for the script that its threads load: it makes that of a blob, which a content
 * security policy with script-src 'self' forbids. Ours is a file on the page's origin.
 */
async function start(base: URL, threaded: boolean): Promise<BackendWasmModule> {
  const stem = threaded ? "tfjs-backend-wasm-threaded-simd" : "tfjs-backend-wasm-simd";
  // The text has its line ends no longer escaped.
  const worker = threaded ? URL.createObjectURL(new Blob([(wasmWorkerContents as string).replaceAll("\n", "\\n")], { type: "text/javascript" })) : "";
  const settings: WasmFactoryConfig = { locateFile: (path) => (path.endsWith(".worker.js") ? worker : new URL(`${stem}.wasm`, base).href) };
  if (threaded) settings.mainScriptUrlOrBlob = new URL(`${stem}.js`, base).href;
  const module = (await (threaded ? manyThreads : oneThread)(settings)) as Module;
  module.tfjs = {
    init: module.cwrap("init", null, []),
    initWithThreadsCount: module.cwrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: module.cwrap("get_threads_count", "number", []),
    registerTensor: module.cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: module.cwrap("dispose_data", null, ["number"]),
    dispose: module.cwrap("dispose", null, []),
  };
  return module;
}
