/** The runtimes, each loaded when it is asked for. A new one is one file and one line here. */

import { LimnerWebError, type RuntimeName } from "../api.ts";
import type { Model } from "../assets.ts";
import type { Opener } from "./net.ts";

interface Entry {
  format: Model["format"];
  folder: string;
  open: () => Promise<Opener>;
  /** Whether it can run here at all, as far as that shows without loading it. */
  possible: () => boolean;
}

export const REGISTRY: Partial<Record<RuntimeName, Entry>> = {
  "ort-webgpu": { format: "onnx", folder: "runtimes/ort/", open: async () => (await import("./ort_webgpu.ts")).open, possible: () => "gpu" in navigator },
  "ort-wasm": { format: "onnx", folder: "runtimes/ort/", open: async () => (await import("./ort_wasm.ts")).open, possible: () => true },
  "litert-webgpu": { format: "tflite", folder: "runtimes/litert/", open: async () => (await import("./litert_webgpu.ts")).open, possible: () => "gpu" in navigator },
  "litert-wasm": { format: "tflite", folder: "runtimes/litert/", open: async () => (await import("./litert.ts")).open, possible: () => true },
  "tfjs-wasm": { format: "tfjs", folder: "runtimes/tfjs/", open: async () => (await import("./tfjs_wasm.ts")).open, possible: () => true },
  "tfjs-webgl": { format: "tfjs", folder: "runtimes/tfjs/", open: async () => (await import("./tfjs_webgl.ts")).open, possible: () => typeof OffscreenCanvas === "function" },
};

export async function openNet(name: RuntimeName, options: Parameters<Opener>[0]): ReturnType<Opener> {
  const entry = REGISTRY[name];
  if (!entry) throw new LimnerWebError("bad-option", `There is no runtime ${name}; there are ${Object.keys(REGISTRY).join(", ")}`);
  if (!entry.possible()) throw new LimnerWebError("no-runtime", `${name} needs ${name.endsWith("webgpu") ? "WebGPU" : "WebGL"}, which this browser does not have here: choose another runtime`);
  try {
    return await (await entry.open())(options);
  } catch (cause) {
    if (cause instanceof LimnerWebError) throw cause;
    throw new LimnerWebError("no-runtime", `${name} does not start here: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
