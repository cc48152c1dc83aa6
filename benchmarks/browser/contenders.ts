/** What finds people here: a frame in, its mask out at the frame's size. */

import { FilesetResolver, ImageSegmenter, type ImageSegmenterResult } from "@mediapipe/tasks-vision";
import { DEFAULT_LOOK, type RuntimeName } from "../../web/lib/src/api.ts";
import { loadModel, type Model } from "../../web/lib/src/assets.ts";
import { Brain } from "../../web/lib/src/brain.ts";
import type { Renderer, Slot } from "../../web/lib/src/renderer.ts";
import { openNet, REGISTRY } from "../../web/lib/src/runtimes/registry.ts";
import { openRenderer } from "../../web/lib/src/worker/renderers.ts";

export interface Contender {
  /** The person's mask, a byte a pixel of the frame, 255 where they are. */
  mask(frame: ImageBitmap, time: number): Promise<Uint8Array>;
  /** Another clip begins. */
  reset(): void;
}

export const CONTENDERS: Record<string, () => Promise<Contender>> = {
  limner: () => limner("fast", "litert-wasm", 1),
  "limner, 2 threads": () => limner("fast", "litert-wasm", 2),
  "limner, onnxruntime": () => limner("fast", "ort-wasm", 1),
  "limner, tfjs": () => limner("fast", "tfjs-wasm", 1),
  "limner video": () => limner("video", "litert-wasm", 1),
  "limner tiny": () => limner("tiny", "litert-wasm", 1),
  selfie: () => mediapipe("selfie_segmenter.tflite", 0),
  landscape: () => mediapipe("selfie_segmenter_landscape.tflite", 0),
  multiclass: () => mediapipe("selfie_multiclass_256x256.tflite", 0, true),
};

/** All that a stream does up to the matte: net, faint islands, steadying, edges; with the default look. */
async function limner(name: string, runtime: RuntimeName, threads: number): Promise<Contender> {
  const assets = new URL("/", location.href);
  const entry = REGISTRY[runtime]!;
  const model = await loadModel(name, assets, entry.format, () => undefined);
  const open = (sized: Model) => openNet(runtime, { model: sized, base: new URL(entry.folder, assets), threads, report: () => undefined });
  const brain = new Brain(model, await open(model), open);
  const renderer: Renderer = await openRenderer("auto", new OffscreenCanvas(16, 16), brain.net);
  let slot: Slot = 0;
  let previous: Float32Array | null = null;
  return {
    async mask(frame) {
      const spec = (await brain.seer(frame.width, frame.height)).model.card.input;
      renderer.upload(slot, frame, frame.width, frame.height);
      const map = await brain.see(await renderer.pixels(slot, spec), brain.recurrent ? previous : null, frame.width, frame.height);
      if (!map.sound) throw new Error("no mask");
      renderer.mask(slot, map, spec, DEFAULT_LOOK);
      if (brain.recurrent) previous = map.values!.slice();
      map.release();
      slot = slot ? 0 : 1;
      return (await renderer.matte(DEFAULT_LOOK)).data;
    },
    reset() {
      previous = null;
      renderer.reset();
    },
  };
}

/** MediaPipe's image segmenter as its guide has it for videos, on the CPU. */
async function mediapipe(file: string, number: number, background = false): Promise<Contender> {
  const segmenter = await ImageSegmenter.createFromOptions(await FilesetResolver.forVisionTasks("/mediapipe"), {
    baseOptions: { modelAssetPath: `/peers/${file}`, delegate: "CPU" },
    runningMode: "VIDEO",
    outputConfidenceMasks: true,
    outputCategoryMask: false,
  });
  return {
    async mask(frame, time) {
      const result: ImageSegmenterResult = segmenter.segmentForVideo(frame, time);
      const masks = result.confidenceMasks!;
      const values = masks[number]!.getAsFloat32Array();
      const bytes = new Uint8Array(values.length);
      for (let index = 0; index < values.length; index++) bytes[index] = 255 * (background ? 1 - values[index]! : values[index]!) + 0.5;
      result.close();
      return bytes;
    },
    reset: () => undefined,
  };
}
