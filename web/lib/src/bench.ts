/** Measures what runs here: every runtime with every model that lies below `assets`, each in a worker of its own. */

import { LimnerWebError, RUNTIMES, type RuntimeName } from "./api.ts";
import { Link } from "./page/link.ts";
import type { Measured } from "./worker/measure.ts";

export interface BenchRow {
  runtime: RuntimeName;
  model: string;
  /** Of the weights, as the file's name says, and how TensorFlow.js's WebGL keeps numbers: "fp16", "fp32, packed, half". */
  precision: string;
  /** Of the net's input, as it saw these frames. */
  width: number;
  height: number;
  /** Milliseconds, medians: bringing the frame to the net, the net, bringing the mask back. */
  upload: number;
  inference: number;
  readback: number;
  total: number;
  /** Masks a second, at `total`. */
  fps: number;
  /** Why there are no figures. */
  error?: string;
}

export interface BenchOptions {
  /** Frames of a clip, seen in turns. */
  frames: readonly ImageBitmap[];
  /** Folder with runtimes/ and models/, as for createSegmenter. */
  assets: string | URL;
  /** Which runtimes; default all. */
  runtimes?: readonly RuntimeName[];
  /** How many frames are measured in each row. Default 20. */
  rounds?: number;
  /** Seconds after which a row is given up. Default 60. */
  patience?: number;
  /** Threads for wasm, as for createSegmenter. */
  threads?: number;
  signal?: AbortSignal;
}

/** One thing to measure. */
export interface BenchPlan {
  runtime: RuntimeName;
  model: string;
  /** Address of its card. */
  card: URL;
  /** Whether it comes with Limner: such a model is opened by its name, and then sees wide and tall frames in proportion. */
  ships: boolean;
  precision: string;
  width: number;
  height: number;
  /** Side of a square input that the net is given for the measurement. */
  side?: number;
  variant?: { packed: boolean; half: boolean };
}

interface Entry {
  name: string;
  format: string;
  /** All that a shipped model comes in. */
  formats?: string[];
  card: string;
  width: number;
  height: number;
}

const FORMAT: Record<RuntimeName, string> = { "ort-webgpu": "onnx", "ort-wasm": "onnx", "litert-webgpu": "tflite", "litert-wasm": "tflite", "tfjs-webgl": "tfjs", "tfjs-wasm": "tfjs" };
const FOLDER: Record<string, string> = { onnx: "", tflite: "litert/", tfjs: "tfjs/" };
/** Of the shipped files. */
const SHIPPED: Record<string, string> = { onnx: "fp16", tflite: "fp32", tfjs: "fp16" };
/** Sides of a square input at which the default model is measured too: what nets of browsers have had, 129 to 513, as multiples of 64. */
const SIDES = [128, 192, 320, 384, 512];
const VARIANTS = [true, false].flatMap((packed) => [false, true].map((half) => ({ packed, half })));

/** Of models/index.json: every model with every runtime that reads its format. */
export function benchPlans(index: { default?: string; models: Entry[] }, models: URL, runtimes: readonly RuntimeName[] = RUNTIMES): BenchPlan[] {
  return index.models.flatMap((entry) =>
    runtimes.flatMap((runtime) => {
      const format = FORMAT[runtime];
      const shipped = entry.formats?.includes(format);
      if (!shipped && entry.format !== format) return [];
      const card = new URL(shipped ? `${FOLDER[format]}${entry.card}` : entry.card, models);
      const [model, precision] = shipped ? [entry.name, SHIPPED[format]!] : named(entry.name);
      const plan: BenchPlan = { runtime, model, card, ships: shipped === true, precision, width: entry.width, height: entry.height };
      const sides = shipped && entry.name === index.default ? SIDES : [];
      const sized = [plan, ...sides.map((side) => ({ ...plan, side, width: side, height: side }))];
      if (runtime !== "tfjs-webgl") return sized;
      return sized.flatMap((one) => VARIANTS.map((variant) => ({ ...one, variant, precision: `${precision}, ${variant.packed ? "packed" : "unpacked"}, ${variant.half ? "half" : "float"}` })));
    }),
  );
}

/** Model and precision out of an export's name: "own/fast.int8.tflite" is fast in int8. */
function named(name: string): [string, string] {
  const stem = name.split("/").pop()!.replace(/\.(onnx|tflite|tfjs)$/, "");
  const found = /^(.+)\.(fp16|fp32|int8|int8-float-io|uint8|dynamic)$/.exec(stem);
  return found ? [found[1]!, found[2]!] : [stem, "fp32"];
}

/**
 * Rows as they are found. Rows that cannot be measured have the reason in `error`.
 *
 * @throws LimnerWebError "no-model": there is no index of models; the signal's reason where it is aborted.
 */
export async function* benchmark(options: BenchOptions): AsyncGenerator<BenchRow, void> {
  const assets = new URL(options.assets, globalThis.location?.href);
  for (const plan of await planned(assets, options.runtimes)) {
    options.signal?.throwIfAborted();
    const { runtime, model, precision, width, height } = plan;
    const row = { runtime, model, precision, width, height };
    try {
      const { upload, inference, readback, total, input } = await measured(plan, assets, options);
      yield { ...row, width: input[0], height: input[1], upload, inference, readback, total, fps: 1000 / total };
    } catch (error) {
      options.signal?.throwIfAborted();
      yield { ...row, upload: 0, inference: 0, readback: 0, total: 0, fps: 0, error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** What `benchmark` will measure. @throws LimnerWebError "no-model". */
export async function planned(assets: URL, runtimes?: readonly RuntimeName[]): Promise<BenchPlan[]> {
  const address = new URL("models/index.json", assets);
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return benchPlans((await response.json()) as { default?: string; models: Entry[] }, address, runtimes);
  } catch (cause) {
    throw new LimnerWebError("no-model", `${address.pathname} cannot be had, so it is not known which models there are (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
  }
}

async function measured(plan: BenchPlan, assets: URL, options: BenchOptions): Promise<Measured> {
  const link = await Link.open(true); // a worker for each: what a runtime keeps and is told goes with it
  const stop = { patience: options.patience ?? 60, signal: options.signal };
  try {
    const threads = options.threads ?? (globalThis.crossOriginIsolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency ?? 1)) : 1);
    const { runtime, variant, side } = plan;
    const work = async () => {
      await link.start({ model: plan.ships ? plan.model : plan.card.href, runtime, variant, side, renderer: "auto", assets: assets.href, threads, worker: true, remembered: null }, () => undefined);
      return link.ask<Measured>((call) => ({ type: "measure", call, frames: [...options.frames], rounds: options.rounds ?? 20 }));
    };
    return await within(work(), stop);
  } finally {
    link.close();
  }
}

async function within<T>(work: Promise<T>, { patience, signal }: { patience: number; signal?: AbortSignal }): Promise<T> {
  work.catch(() => undefined); // the worker is closed under it
  let end: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`no figures within ${patience} s`)), patience * 1000);
    const abort = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", abort);
    end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    end();
  }
}

/** Pictures of a video, evenly spaced, for `BenchOptions.frames`. @throws Error: the browser cannot play it. */
export async function clipFrames(clip: string | URL, count = 20): Promise<ImageBitmap[]> {
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto", src: String(clip) });
  const event = (name: string) =>
    new Promise<void>((resolve, reject) => {
      video.addEventListener(name, () => resolve(), { once: true });
      video.addEventListener("error", () => reject(new Error(`${String(clip)} cannot be played: ${video.error?.message ?? "unknown why"}`)), { once: true });
    });
  await event("loadeddata");
  const frames: ImageBitmap[] = [];
  for (let index = 0; index < count; index++) {
    const there = event("seeked");
    video.currentTime = ((index + 0.5) * video.duration) / count;
    await there;
    frames.push(await currentFrame(video));
  }
  video.removeAttribute("src");
  video.load();
  return frames;
}

/** The frame that a video stands at. A busy browser says that it has sought before it has a frame to give, so it is asked for a while. */
async function currentFrame(video: HTMLVideoElement, tries = 100): Promise<ImageBitmap> {
  for (let left = tries; ; left--) {
    try {
      return await createImageBitmap(video);
    } catch (error) {
      if (left <= 0 || video.error) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
