/** The net's map on the graphics device: checked, cleaned, as a texture, and kept for nets that are told the mask before. */

import type { MaskMap } from "../runtimes/net.ts";
import { CLEAR, LEAST, MARK, MERGE, PEAK } from "./map_shaders.ts";
import { GridPass, type Recorder } from "./passes.ts";

async function compile(device: GPUDevice) {
  const [mark, merge, peak, clear] = await Promise.all([
    GridPass.make(device, MARK, ["read", "write", "write", "write", "write"]),
    GridPass.make(device, MERGE, ["write"]),
    GridPass.make(device, PEAK, ["write", "read", "write"]),
    GridPass.make(device, CLEAR, ["read", "read", "write", "store"]),
  ]);
  return { mark, merge, peak, clear };
}

/** What is as large as the map. */
interface Sized {
  texture: GPUTexture;
  view: GPUTextureView;
  kept: GPUBuffer;
  labels: GPUBuffer;
  peaks: GPUBuffer;
  /** Where maps of nets on the CPU are put. */
  given: GPUBuffer;
}

export class Maps {
  private sized: Sized | null = null;

  private constructor(
    private readonly device: GPUDevice,
    private readonly recorder: Recorder,
    private readonly passes: Awaited<ReturnType<typeof compile>>,
    /** One word: not 0 where the map holds something that is no number. Shaders that draw look at it, for the CPU does not know. */
    readonly unsound: GPUBuffer,
  ) {}

  static async make(device: GPUDevice, recorder: Recorder): Promise<Maps> {
    const unsound = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
    return new Maps(device, recorder, await compile(device), unsound);
  }

  /** One float a pixel, between 0 and 1. */
  get kept(): GPUBuffer | null {
    return this.sized?.kept ?? null;
  }

  /** The map as a texture: its first channel. */
  get view(): GPUTextureView {
    return this.sized!.view;
  }

  take({ rows, columns, values, buffer }: MaskMap): void {
    const { recorder, unsound } = this;
    const { kept, labels, peaks, view, given } = this.fit(rows, columns);
    if (!buffer) this.device.queue.writeBuffer(given, 0, values as Float32Array<ArrayBuffer>);
    recorder.commands.clearBuffer(unsound);
    // Islands are gone from maps that were on the CPU: no region begins in them.
    const size = [columns, rows, buffer ? LEAST : 2];
    recorder.compute(this.passes.mark, columns, rows, size, [buffer ?? given, kept, labels, peaks, unsound]);
    if (buffer) {
      recorder.compute(this.passes.merge, columns, rows, size, [labels]);
      recorder.compute(this.passes.peak, columns, rows, size, [labels, kept, peaks]);
    }
    recorder.compute(this.passes.clear, columns, rows, size, [labels, peaks, kept, view]);
  }

  dispose(): void {
    const { sized } = this;
    if (sized) for (const one of [sized.texture, sized.kept, sized.labels, sized.peaks, sized.given]) one.destroy();
    this.sized = null;
  }

  private fit(rows: number, columns: number): Sized {
    if (this.sized?.texture.width === columns && this.sized.texture.height === rows) return this.sized;
    this.dispose();
    const area = rows * columns;
    const buffer = (words: number) => this.device.createBuffer({ size: 4 * words, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const texture = this.device.createTexture({ size: [columns, rows], format: "rgba16float", usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.STORAGE_BINDING });
    return (this.sized = { texture, view: texture.createView(), kept: buffer(area), labels: buffer(area), peaks: buffer(area + 1), given: buffer(area) });
  }
}
