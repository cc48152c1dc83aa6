/** What every runtime is to the rest: a net that gives the person probability of one picture. */

import type { RuntimeName } from "../api.ts";
import type { Model } from "../assets.ts";

/** A map of person probability. On the CPU (`values`), or left on the graphics device (`buffer`, one float a pixel). */
export interface MaskMap {
  rows: number;
  columns: number;
  values: Float32Array | null;
  buffer: GPUBuffer | null;
  /** False where a number was not finite: no mask. Outputs on the device are checked by the shaders that read them. */
  sound: boolean;
  /** Milliseconds of inference (on a graphics device: with what it still had to do before), and of bringing the output to the CPU. */
  inference: number;
  readback: number;
  /** Gives back what the runtime lent. */
  release(): void;
}

export interface NetInput {
  /** Floats in the card's layout, for nets on the CPU … */
  values: Float32Array | null;
  /** … or the same on the graphics device that the net runs on. */
  buffer: GPUBuffer | null;
  /** The mask before, (H, W) of the input's size, for nets that take it as an input of its own; null for none. */
  previous: Float32Array | null;
  /** The same on the graphics device, where the rest of the input is there. */
  previousBuffer: GPUBuffer | null;
}

export interface Net {
  readonly runtime: RuntimeName;
  readonly threads: number;
  /** The device that inputs and outputs may stay on; null for nets on the CPU. */
  readonly device: GPUDevice | null;
  /** The map is left where the input was: on the CPU, or on the device. @throws DeviceLost */
  run(input: NetInput): Promise<MaskMap>;
  dispose(): void;
}

export interface RuntimeOptions {
  model: Model;
  /** Folder of the runtime's files. */
  base: URL;
  threads: number;
  /** The graphics device to run on, which stays its owner's; null opens one where the runtime needs it. */
  device: GPUDevice | null;
  /** What TensorFlow.js's WebGL can be told, for measuring: one or four numbers a pixel of a texture, 16 or 32 bits each. */
  variant?: { packed?: boolean; half?: boolean };
  report: (progress: { what: "runtime" | "model"; loaded: number; total: number }) => void;
}

export type Opener = (options: RuntimeOptions) => Promise<Net>;
