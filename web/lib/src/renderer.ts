/** What draws: takes frames, prepares the net's input, makes the matte from the net's map, composes the picture. */

import type { Look, RendererName } from "./api.ts";
import type { InputSpec } from "./card.ts";
import type { MaskMap } from "./runtimes/net.ts";

export type FrameSource = VideoFrame | ImageBitmap;

/** A frame that the renderer holds. There are two: one is seen by the net while the other is drawn. */
export type Slot = 0 | 1;

export interface Renderer {
  readonly name: RendererName;
  /** Settles when the graphics device goes away, where that is told; a picture that stands still is then drawn again. */
  readonly lost?: Promise<unknown>;
  /** The map that the last matte was made of, where it stays on the net's device: one float a pixel. */
  readonly kept?: GPUBuffer | null;
  /** Take a frame in; it may be closed afterwards. */
  upload(slot: Slot, frame: FrameSource, width: number, height: number): void;
  /** The frame at the net's size for nets on the CPU: RGBA bytes; valid until the next call. */
  pixels(slot: Slot, spec: InputSpec): Promise<Uint8Array | Uint8ClampedArray>;
  /** The net's input on the net's own device, but for the mask before (zeros); null where this renderer shares none. */
  tensor(slot: Slot, spec: InputSpec): GPUBuffer | null;
  /** Make the matte of a slot's frame from the net's map, mixed with those before it. */
  mask(slot: Slot, map: MaskMap, spec: InputSpec, look: Look): void;
  /** Draw the frame whose matte was made last, again and again where only the look changed. */
  draw(look: Look): void;
  /** What `draw` draws instead of a frame that has no mask: a plain card. Never the frame. */
  hide(): void;
  /** Forget mattes and frames: another source begins. Wipes the picture. */
  reset(): void;
  /** The matte drawn last, one byte a pixel at the frame's size, rows from the top. */
  matte(look: Look): Promise<{ width: number; height: number; data: Uint8Array }>;
  dispose(): void;
}

/** Thrown by a renderer whose graphics device went away; the stream then makes another one. */
export class DeviceLost extends Error {}
