/** Opens the net: the runtime that was asked for, or the fastest that is here. */

import { LimnerWebError, RUNTIMES, type Progress, type RuntimeName } from "../api.ts";
import { isName, loadModel, type Model } from "../assets.ts";
import { Brain } from "../brain.ts";
import { resized } from "../sizes.ts";
import { openNet, REGISTRY } from "../runtimes/registry.ts";
import { hasHardware } from "../webgpu/device.ts";
import type { OpenOptions } from "./messages.ts";

export async function openBrain(options: OpenOptions, report: (progress: Progress) => void): Promise<{ brain: Brain; measured: RuntimeName | null }> {
  if (options.runtime !== "auto") return { brain: await openOne(options.runtime, options, report), measured: null };
  if (options.remembered && REGISTRY[options.remembered]) {
    try {
      return { brain: await openOne(options.remembered, options, report), measured: null };
    } catch {
      // a driver, a browser or a file changed since: measure again
    }
  }
  return fastest(options, report);
}

async function openOne(runtime: RuntimeName, options: OpenOptions, report: (progress: Progress) => void): Promise<Brain> {
  const entry = REGISTRY[runtime];
  if (!entry) throw new LimnerWebError("bad-option", `There is no runtime ${runtime}; there are ${RUNTIMES.join(", ")}`);
  const assets = new URL(options.assets);
  const loaded = await loadModel(options.model, assets, entry.format, report, options.side ? "squares" : "sizes");
  const model = options.side ? await resized(loaded, [options.side, options.side]) : loaded;
  if (model.format !== entry.format) throw new LimnerWebError("bad-option", `${model.card.file} does not run in ${runtime}: choose a runtime for ${model.format}, or auto`);
  const open = (model: Model, device: GPUDevice | null) => openNet(runtime, { model, base: new URL(entry.folder, assets), threads: options.threads, device, variant: options.variant, report });
  return new Brain(model, await open(model, null), open);
}

/** Tries what may work here, hardware first, and keeps what gives masks soonest. */
async function fastest(options: OpenOptions, report: (progress: Progress) => void): Promise<{ brain: Brain; measured: RuntimeName | null }> {
  const candidates = await likely(options.model);
  let best: { brain: Brain; time: number } | null = null;
  let failure: unknown = null;
  for (const runtime of candidates) {
    // On the CPU the order is known, and the next would only have more to fetch.
    if (best && ON_CPU.includes(runtime) && ON_CPU.includes(best.brain.net.runtime)) continue;
    try {
      const brain = await openOne(runtime, options, report);
      const time = await timed(brain);
      if (best && best.time <= time) brain.dispose();
      else {
        best?.brain.dispose();
        best = { brain, time };
      }
    } catch (error) {
      if (error instanceof LimnerWebError && error.code !== "no-runtime") failure = error;
      else failure ??= error;
    }
  }
  if (!best) throw failure ?? new LimnerWebError("no-runtime", "Nothing that runs nets works in this browser: it needs WebAssembly with SIMD (every browser since 2021)");
  return { brain: best.brain, measured: best.brain.net.runtime };
}

function formatOfFiles(names: Iterable<string>): string | null {
  for (const name of names) {
    if (name.endsWith(".onnx")) return "onnx";
    if (name.endsWith(".tflite")) return "tflite";
  }
  return "tfjs";
}

/** The fastest first. */
const ON_CPU: readonly RuntimeName[] = ["litert-wasm", "ort-wasm", "tfjs-wasm"];
const ON_GPU: readonly RuntimeName[] = ["ort-webgpu", "litert-webgpu", "tfjs-webgl"];

/** What may run a model: on a graphics device where it is not emulated, and on the CPU. */
async function likely(model: OpenOptions["model"]): Promise<RuntimeName[]> {
  // Models that ship come in every format, and one runtime of each kind is enough to choose from; others are what they are.
  const ships = typeof model === "string" && isName(model);
  const format = typeof model === "string" ? null : formatOfFiles(model.files.keys());
  const wanted = [...((await hasHardware()) ? (ships ? ON_GPU.slice(0, 1) : ON_GPU) : []), ...ON_CPU];
  return wanted.filter((name) => REGISTRY[name]?.possible() && (format === null || REGISTRY[name]?.format === format));
}

/** Milliseconds for a mask, the best of five after the first; pictures with something in them, not zeros. */
async function timed(brain: Brain): Promise<number> {
  const [height, width] = brain.model.card.input.size;
  const [rows, columns] = (await brain.seer(width, height)).model.card.input.size;
  const pixels = new Uint8ClampedArray(4 * rows * columns).map((_, index) => (index * 2654435761) >>> 24);
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    const map = await brain.see(pixels, null, width, height);
    map.release();
    if (round > 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}
