/** The way into a stream: the newest frame waits, is uploaded, and made ready for the net. */

import type { Brain } from "./brain.ts";
import type { InputSpec } from "./card.ts";
import type { FrameSource, Renderer, Slot } from "./renderer.ts";
import type { Net } from "./runtimes/net.ts";

export interface Arrived {
  frame: FrameSource;
  /** Which call of `show` it belongs to. */
  generation: number;
}

export interface Begun {
  slot: Slot;
  width: number;
  height: number;
  generation: number;
  timestamp: number;
  since: number;
  upload: number;
  /** The net that its input is made for. */
  net: Net;
  /** The net's input, being made. */
  ready: Promise<Ready>;
}

export interface Ready {
  source: Uint8Array | Uint8ClampedArray | GPUBuffer;
  /** As the net takes this frame. */
  spec: InputSpec;
  took: number;
}

export class Intake {
  private waiting: Arrived | null = null;
  private next: Slot = 0;

  constructor(
    private readonly brain: Brain,
    /** The one that draws now. */
    private readonly renderer: () => Renderer,
  ) {}

  get empty(): boolean {
    return this.waiting === null;
  }

  /** @returns whether another frame, which waited, was passed over for this one. */
  put(arrived: Arrived): boolean {
    const passed = this.waiting !== null;
    this.clear();
    this.waiting = arrived;
    return passed;
  }

  clear(): void {
    this.waiting?.frame.close();
    this.waiting = null;
  }

  /** Uploads the frame that waits, and has the net's input made; null where none waits that is wanted. */
  take(wanted: (generation: number) => boolean): Begun | null {
    const arrived = this.waiting;
    if (!arrived) return null;
    this.waiting = null;
    const { frame, generation } = arrived;
    if (!wanted(generation)) {
      frame.close();
      return null;
    }
    const since = performance.now();
    const slot = this.next;
    const [width, height] = sizeOf(frame);
    const timestamp = "timestamp" in frame ? frame.timestamp : 0;
    const { net } = this.brain;
    try {
      this.renderer().upload(slot, frame, width, height);
    } catch (error) {
      return { slot, width, height, generation, timestamp, since, upload: 0, net, ready: rejected(error) };
    } finally {
      frame.close();
    }
    this.next = slot === 0 ? 1 : 0;
    const upload = performance.now() - since;
    return { slot, width, height, generation, timestamp, since, upload, net, ready: handled(this.prepare(slot, width, height)) };
  }

  private async prepare(slot: Slot, width: number, height: number): Promise<Ready> {
    const spec = (await this.brain.seer(width, height)).model.card.input;
    const renderer = this.renderer();
    const start = performance.now();
    const source = renderer.tensor(slot, spec) ?? (await renderer.pixels(slot, spec));
    return { source, spec, took: performance.now() - start };
  }
}

function sizeOf(frame: FrameSource): [number, number] {
  return "displayWidth" in frame ? [frame.displayWidth, frame.displayHeight] : [frame.width, frame.height];
}

/** A promise whose failure is looked at later. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject<never>(error));
}
