/** Measures a net on frames, by the steps that a stream takes, without drawing. */

import type { Brain } from "../brain.ts";
import type { Renderer, Slot } from "../renderer.ts";

/** Milliseconds, each the median over the frames; `total` is that of whole frames, from their arrival to the map. */
export interface Measured {
  upload: number;
  inference: number;
  readback: number;
  total: number;
  /** Width and height at which the net saw the frames. */
  input: readonly [number, number];
}

const WARM_UP = 3;

/** @param frames seen in turns; `rounds` of them are measured, after a few that are not. */
export async function measure(brain: Brain, renderer: Renderer, frames: readonly ImageBitmap[], rounds: number): Promise<Measured> {
  const [{ width, height }] = frames as [ImageBitmap, ...ImageBitmap[]];
  const { input: spec } = (await brain.seer(width, height)).model.card;
  const times: Omit<Measured, "input">[] = [];
  let previous: Float32Array | null = null;
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const frame = frames[round % frames.length]!;
    const slot = (round % 2) as Slot;
    const start = performance.now();
    renderer.upload(slot, frame, frame.width, frame.height);
    const source = renderer.tensor(slot, spec) ?? (await renderer.pixels(slot, spec));
    const ready = performance.now();
    const map = await brain.see(source, brain.recurrent ? previous : null, frame.width, frame.height);
    await brain.net.device?.queue.onSubmittedWorkDone();
    const end = performance.now();
    if (!map.sound) throw new Error("the net gave numbers that are no mask");
    if (brain.recurrent && map.values?.length === spec.size[0] * spec.size[1]) previous = map.values.slice();
    const { inference, readback } = map;
    map.release();
    if (round < WARM_UP) continue;
    // On a device of its own the net has only been told what to do when `run` ends.
    times.push({ upload: ready - start, inference: brain.net.device ? end - ready - readback : inference, readback, total: end - start });
  }
  const median = (of: keyof Omit<Measured, "input">) => times.map((time) => time[of]).sort((a, b) => a - b)[times.length >> 1]!;
  return { upload: median("upload"), inference: median("inference"), readback: median("readback"), total: median("total"), input: [spec.size[1], spec.size[0]] };
}
