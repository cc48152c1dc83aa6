/** The stream's promises: a frame with its own mask or none, the newest frame, nothing of an old source. */

import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_LOOK, type ViewState } from "../../lib/src/api.ts";
import type { Brain } from "../../lib/src/brain.ts";
import { DeviceLost, type FrameSource, type Renderer, type Slot } from "../../lib/src/renderer.ts";
import type { MaskMap } from "../../lib/src/runtimes/net.ts";
import { Stream } from "../../lib/src/stream.ts";

class Frame {
  closed = false;
  constructor(
    readonly number: number,
    readonly width = 64,
    readonly height = 48,
  ) {}
  get timestamp(): number {
    return this.number;
  }
  get displayWidth(): number {
    return this.width;
  }
  get displayHeight(): number {
    return this.height;
  }
  close(): void {
    this.closed = true;
  }
}

/** Draws into a list: what was shown, frame and mask. */
class Recorder implements Renderer {
  readonly name = "canvas";
  readonly held: [number, number] = [0, 0];
  private masked = 0;
  private of: Slot = 0;
  disposed = false;
  lose = () => {};
  readonly lost = new Promise<void>((resolve) => (this.lose = resolve));
  constructor(
    readonly log: string[],
    private readonly fails: { upload?: number } = {},
  ) {}
  upload(slot: Slot, frame: FrameSource): void {
    const { number } = frame as unknown as Frame;
    if (this.fails.upload === number) throw new DeviceLost("lost");
    this.held[slot] = number;
  }
  async pixels(slot: Slot): Promise<Uint8Array> {
    return new Uint8Array([this.held[slot]]);
  }
  tensor(): null {
    return null;
  }
  mask(slot: Slot, map: MaskMap): void {
    this.of = slot;
    this.masked = map.values![0]!;
  }
  draw(): void {
    this.log.push(`frame ${this.held[this.of]} mask ${this.masked}`);
  }
  hide(): void {
    this.log.push("hidden");
  }
  reset(): void {
    this.log.push("wiped");
  }
  async matte(): Promise<{ width: number; height: number; data: Uint8Array }> {
    return { width: 0, height: 0, data: new Uint8Array() };
  }
  dispose(): void {
    this.disposed = true;
  }
}

describe("Stream", () => {
  let log: string[];
  let states: [ViewState, string | undefined][];
  let renderer: Recorder;
  let stream: Stream;
  let sound: (number: number) => boolean;
  let gate: Promise<void>;
  let seen: (Float32Array | null)[];
  let again: number;
  let renew: () => Promise<Renderer>;

  const make = (fails: { upload?: number } = {}) => {
    renderer = new Recorder(log, fails);
    const brain = {
      recurrent: true,
      net: { device: null },
      seer: async () => ({ model: { card: { input: { size: [1, 1], channels: 4 } } } }),
      async see(source: Uint8Array, previous: Float32Array | null): Promise<MaskMap> {
        await gate;
        const number = source[0]!;
        seen.push(previous && Float32Array.from(previous));
        return { rows: 1, columns: 1, values: new Float32Array([number]), buffer: null, sound: sound(number), inference: 1, readback: 0, release: () => undefined };
      },
    };
    renew = async () => (renderer = new Recorder(log));
    stream = new Stream(brain as unknown as Brain, () => renew(), renderer, { ...DEFAULT_LOOK }, {
      state: (state, message) => states.push([state, message]),
      stats: () => undefined,
      wants: () => undefined,
      again: () => again++,
      drawn: () => undefined,
    });
  };
  const push = (frame: Frame, generation = 0) => stream.push({ frame: frame as unknown as VideoFrame, generation });
  const settle = async () => {
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  };

  beforeEach(() => {
    log = [];
    states = [];
    seen = [];
    again = 0;
    sound = () => true;
    gate = Promise.resolve();
    make();
  });

  it("draws each frame with its own mask, and closes it", async () => {
    const frames = [1, 2, 3].map((number) => new Frame(number));
    for (const frame of frames) {
      push(frame);
      await settle();
    }
    expect(log).toEqual(["frame 1 mask 1", "frame 2 mask 2", "frame 3 mask 3"]);
    expect(frames.every((frame) => frame.closed)).toBe(true);
  });

  it("tells the net the mask before, but not across another size", async () => {
    push(new Frame(1));
    await settle();
    push(new Frame(2));
    await settle();
    push(new Frame(3, 48, 64));
    await settle();
    expect(seen.map((mask) => mask && mask[0])).toEqual([null, 1, null]);
  });

  it("passes over frames that wait behind a newer one", async () => {
    let open = () => {};
    gate = new Promise((resolve) => (open = resolve));
    const frames = [1, 2, 3, 4].map((number) => new Frame(number));
    for (const frame of frames) push(frame);
    await settle();
    expect(log).toEqual([]); // nothing before its mask is there
    open();
    await settle();
    expect(log).toEqual(["frame 1 mask 1", "frame 4 mask 4"]);
    expect(frames.every((frame) => frame.closed)).toBe(true);
  });

  it("hides a frame whose output is no mask, and shows nothing after it until another source begins", async () => {
    sound = (number) => number !== 2;
    for (const number of [1, 2, 3]) {
      push(new Frame(number));
      await settle();
    }
    expect(log).toEqual(["frame 1 mask 1", "hidden"]);
    expect(states).toEqual([["failed", "the net gave numbers that are no mask"]]);
    stream.begin(1);
    push(new Frame(4), 1);
    await settle();
    expect(log.slice(2)).toEqual(["wiped", "frame 4 mask 4"]);
  });

  it("never draws a frame of the source before", async () => {
    let open = () => {};
    gate = new Promise((resolve) => (open = resolve));
    push(new Frame(1));
    await settle();
    stream.begin(1);
    const late = new Frame(2);
    push(late, 0);
    open();
    await settle();
    expect(log).toEqual(["wiped"]);
    expect(late.closed).toBe(true);
  });

  it("goes on with a new renderer when the device is lost", async () => {
    make({ upload: 2 });
    for (const number of [1, 2, 3]) {
      push(new Frame(number));
      await settle();
    }
    expect(log).toEqual(["frame 1 mask 1", "frame 3 mask 3"]);
    expect(states).toEqual([]);
    expect(again).toBe(1); // a picture that stands still comes again
    expect(seen.map((mask) => mask && mask[0])).toEqual([null, null]); // the mask before went with the device
  });

  it("makes a new renderer where the device is lost while nothing moves", async () => {
    push(new Frame(1));
    await settle();
    const before = renderer;
    before.lose();
    await settle();
    expect(before.disposed).toBe(true);
    expect(renderer).not.toBe(before);
    expect(again).toBe(1);
    push(new Frame(2));
    await settle();
    expect(log).toEqual(["frame 1 mask 1", "frame 2 mask 2"]);
  });

  it("says so, and shows nothing, where no other device is to be had", async () => {
    push(new Frame(1));
    await settle();
    renew = () => Promise.reject(new Error("no device"));
    renderer.lose();
    await settle();
    push(new Frame(2));
    await settle();
    expect(states).toEqual([["failed", "no device"]]);
    expect(log).toEqual(["frame 1 mask 1", "hidden"]);
  });

  it("draws the frame that stands still again for another look", async () => {
    push(new Frame(1));
    await settle();
    stream.update({ ...DEFAULT_LOOK, effect: "color" });
    expect(log).toEqual(["frame 1 mask 1", "frame 1 mask 1"]);
  });
});
