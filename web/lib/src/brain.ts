/** The net of a segmenter, shared by its streams: one inference at a time. */

import type { Model } from "./assets.ts";
import { removeIslands } from "./islands.ts";
import { fillInput } from "./planes.ts";
import { place, type Placement } from "./placement.ts";
import { DeviceLost } from "./renderer.ts";
import type { Size } from "./onnx_size.ts";
import { resized, sizeFor } from "./sizes.ts";
import type { MaskMap, Net } from "./runtimes/net.ts";
import { guarded, isLost } from "./webgpu/device.ts";
import type { Prior } from "./webgpu/prior.ts";

/** The net as frames of one shape are seen by it. */
export interface Seer {
  model: Model;
  net: Net;
  /** Where its input is made, on the CPU. */
  input: Float32Array;
  /** Writes the mask before into its input, on a graphics device; made when it is first needed. */
  prior: Promise<Prior> | null;
}

export class Brain {
  private turn: Promise<unknown> = Promise.resolve();
  private opening: Promise<void> | null = null;
  private own: Seer;
  /** The net at other sizes, by size. */
  private readonly others = new Map<string, Promise<Seer>>();

  constructor(
    readonly model: Model,
    net: Net,
    /** Opens a net: this one once more on another graphics device, or at another size on the same one. */
    private readonly open: (model: Model, device: GPUDevice | null) => Promise<Net>,
  ) {
    this.own = seerOf(model, net);
  }

  get net(): Net {
    return this.own.net;
  }

  /** What sees frames of a size: the net itself, or for wide and tall ones the same net at another size, opened when it is first asked for. */
  async seer(width: number, height: number): Promise<Seer> {
    const size = sizeFor(this.model, width, height);
    if (!size) return this.own;
    const key = String(size);
    let found = this.others.get(key);
    if (!found) {
      found = this.at(size).catch(() => this.own); // too little memory, or a file that has no other size: its own serves as well
      this.others.set(key, found);
    }
    return found;
  }

  dispose(): void {
    void this.forget().then(() => this.net.dispose());
  }

  /** Opens another net in place of one whose graphics device is gone; streams that ask at the same time get the same. */
  revive(): Promise<void> {
    const { device } = this.net;
    if (!device || !isLost(device)) return Promise.resolve();
    this.opening ??= this.replace().finally(() => (this.opening = null));
    return this.opening;
  }

  /** Whether the net is told the mask before. */
  get recurrent(): boolean {
    return this.model.card.input.channels === 4 || this.model.card.state !== null;
  }

  /**
   * @param source RGBA bytes at the size that `seer` has, or the whole input on the net's own device.
   * @param previous the mask before, of the input's size, where `source` is; null where there is none.
   * @param width,height of the frame, for nets that see it letterboxed.
   */
  async see(source: Uint8Array | Uint8ClampedArray | GPUBuffer, previous: Float32Array | GPUBuffer | null, width: number, height: number): Promise<MaskMap> {
    const { net } = this;
    const mine = this.turn.then(async () => {
      if (net !== this.net) throw new DeviceLost("the graphics device was lost"); // and `source` with it
      const seer = await this.seer(width, height);
      const { input: spec, state } = seer.model.card;
      const box = place(width, height, spec);
      const onCpu = previous instanceof Float32Array ? previous : null;
      const onDevice = previous instanceof Float32Array ? null : previous;
      if (!ArrayBuffer.isView(source)) {
        if (spec.channels === 4) await remind(seer, source, onDevice, box);
        return seer.net.run({ values: null, buffer: source, previous: null, previousBuffer: state ? onDevice : null });
      }
      fillInput(source, onCpu, spec, box, seer.input);
      const map = await seer.net.run({ values: seer.input, buffer: null, previous: state ? onCpu : null, previousBuffer: null });
      if (map.values && map.sound) removeIslands(map.values, map.rows, map.columns);
      return map;
    });
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async at(size: Size): Promise<Seer> {
    const { device } = this.net;
    const model = await resized(this.model, size);
    return seerOf(model, await this.open(model, device));
  }

  /** Puts the nets at other sizes away. */
  private async forget(): Promise<void> {
    const { net: own, others } = this;
    const going = [...others.values()];
    others.clear();
    for (const { net } of await Promise.all(going)) if (net !== own && net !== this.net) net.dispose();
  }

  private async replace(): Promise<void> {
    const { net } = this;
    void this.forget().then(() => net.dispose());
    this.own = { ...this.own, net: await this.open(this.model, null), prior: null };
  }
}

function seerOf(model: Model, net: Net): Seer {
  const { size, channels } = model.card.input;
  return { model, net, input: new Float32Array(size[0] * size[1] * channels), prior: null };
}

async function remind(seer: Seer, input: GPUBuffer, previous: GPUBuffer | null, box: Placement): Promise<void> {
  const device = seer.net.device!;
  seer.prior ??= import("./webgpu/prior.ts").then(({ Prior }) => Prior.make(device, seer.model.card.input));
  (await guarded(device, seer.prior)).write(input, previous, box);
}
