/** Reads a small target back without stalling: into a pixel buffer, behind a fence. */

import { DeviceLost } from "../renderer.ts";
import type { Target } from "./program.ts";

export class Reader {
  private buffer: WebGLBuffer | null = null;
  private bytes = new Uint8Array(0);

  constructor(private readonly gl: WebGL2RenderingContext) {}

  /** RGBA bytes of the first texture; valid until the next call. */
  async read(from: Target): Promise<Uint8Array> {
    const { gl } = this;
    const length = 4 * from.width * from.height;
    this.buffer ??= gl.createBuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, from.buffer);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.buffer);
    if (this.bytes.length !== length) {
      this.bytes = new Uint8Array(length);
      gl.bufferData(gl.PIXEL_PACK_BUFFER, length, gl.STREAM_READ);
    }
    gl.readBuffer(gl.COLOR_ATTACHMENT0);
    gl.readPixels(0, 0, from.width, from.height, gl.RGBA, gl.UNSIGNED_BYTE, 0);
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0)!;
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.flush();
    await this.passed(fence);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, this.buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, this.bytes);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    return this.bytes;
  }

  private async passed(fence: WebGLSync): Promise<void> {
    const { gl } = this;
    try {
      for (;;) {
        if (gl.isContextLost()) throw new DeviceLost("the graphics device was lost");
        const state = gl.clientWaitSync(fence, 0, 0);
        if (state === gl.ALREADY_SIGNALED || state === gl.CONDITION_SATISFIED) return;
        await nextTask();
      }
    } finally {
      gl.deleteSync(fence);
    }
  }
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** The next task, without the 4 ms that timers wait. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
