/** Reads from the graphics device to the CPU: a small picture for a net there, or a matte that somebody asked for. */

import { guarded } from "./device.ts";

export class Reader {
  private buffer: GPUBuffer | null = null;

  constructor(private readonly device: GPUDevice) {}

  /** Rows of a texture from the top, without padding. One read at a time. */
  async texture(from: GPUTexture, bytesPerPixel: 1 | 4): Promise<Uint8Array> {
    const { width, height } = from;
    const row = width * bytesPerPixel;
    const padded = Math.ceil(row / 256) * 256;
    const encoder = this.device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: from }, { buffer: this.staging(padded * height), bytesPerRow: padded }, [width, height]);
    const found = new Uint8Array(await this.mapped(encoder, padded * height));
    if (padded === row) return found;
    const tight = new Uint8Array(row * height);
    for (let y = 0; y < height; y++) tight.set(found.subarray(y * padded, y * padded + row), y * row);
    return tight;
  }

  /** @param count floats from the beginning of a buffer. */
  async floats(from: GPUBuffer, count: number): Promise<Float32Array> {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from, 0, this.staging(4 * count), 0, 4 * count);
    return new Float32Array(await this.mapped(encoder, 4 * count));
  }

  dispose(): void {
    this.buffer?.destroy();
    this.buffer = null;
  }

  private staging(size: number): GPUBuffer {
    if (this.buffer?.size !== size) {
      this.buffer?.destroy();
      this.buffer = this.device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    }
    return this.buffer;
  }

  private async mapped(encoder: GPUCommandEncoder, size: number): Promise<ArrayBuffer> {
    const buffer = this.buffer!;
    this.device.queue.submit([encoder.finish()]);
    await guarded(this.device, buffer.mapAsync(GPUMapMode.READ, 0, size));
    const copy = buffer.getMappedRange(0, size).slice(0);
    buffer.unmap();
    return copy;
  }
}
