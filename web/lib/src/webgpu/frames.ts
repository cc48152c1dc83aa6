/** The frames that a renderer holds: copied from the browser's own, which it takes back. */

import type { FrameSource, Slot } from "../renderer.ts";
import { COPY } from "./shaders.ts";
import { DrawPass, Recorder, release, target, type Target } from "./passes.ts";

export class Frames {
  private readonly held: [Target | null, Target | null] = [null, null];

  private constructor(
    private readonly device: GPUDevice,
    private readonly recorder: Recorder,
    private readonly sampler: GPUSampler,
    /** Null where frames of a video cannot be sampled as they lie. */
    private copy: DrawPass | null,
  ) {}

  static async make(device: GPUDevice, recorder: Recorder, sampler: GPUSampler): Promise<Frames> {
    const can = typeof device.importExternalTexture === "function";
    return new Frames(device, recorder, sampler, can ? await DrawPass.make(device, COPY, ["sampler", "external"], ["rgba8unorm"]) : null);
  }

  get(slot: Slot): Target | null {
    return this.held[slot];
  }

  /** Upright and whole: the browser turns and crops frames as they say when they are sampled. */
  put(slot: Slot, frame: FrameSource, width: number, height: number): void {
    const most = this.device.limits.maxTextureDimension2D;
    if (Math.max(width, height) > most) throw new Error(`the picture is ${width}×${height}; this graphics device takes ${most} pixels a side: make it smaller`);
    let held = this.held[slot];
    if (held?.width !== width || held.height !== height) {
      release(held);
      this.held[slot] = held = target(this.device, width, height, ["rgba8unorm"], GPUTextureUsage.COPY_DST);
    }
    const external = frame instanceof ImageBitmap ? null : this.external(frame);
    if (external) {
      this.recorder.draw(this.copy!, held, [width, height], [this.sampler, external]);
      this.recorder.submit();
    } else this.device.queue.copyExternalImageToTexture({ source: frame }, { texture: held.textures[0]!, premultipliedAlpha: true }, [width, height]);
  }

  /** Null where this browser imports no such frames; it copies them then. */
  private external(frame: VideoFrame): GPUExternalTexture | null {
    try {
      return this.copy && this.device.importExternalTexture({ source: frame });
    } catch {
      this.copy = null;
      return null;
    }
  }

  wipe(): void {
    for (const slot of [0, 1] as const) {
      release(this.held[slot]);
      this.held[slot] = null;
    }
  }
}
