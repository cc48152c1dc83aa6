/** A net on a graphics device: what the device's renderer leaves on it stays there, and so does the map. */

import type { RuntimeName } from "../api.ts";
import type { Model } from "../assets.ts";
import { readShape, type MaskShape } from "../planes.ts";
import { check, guarded } from "../webgpu/device.ts";
import { isPlain, Probability } from "../webgpu/probability.ts";
import { Reader } from "../webgpu/reader.ts";
import type { MaskMap, Net, NetInput } from "./net.ts";

const HOLDS = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;

/** What a library gives, on the device. */
export interface Output {
  buffer: GPUBuffer;
  dims: readonly number[];
  /** As ONNX Runtime names it. */
  type: string;
  release(): void;
}

export abstract class GpuNet implements Net {
  abstract readonly runtime: RuntimeName;
  readonly threads = 1;
  /** Shapes of the input, and of the mask before. */
  protected readonly dims: number[];
  protected readonly stateDims: number[];
  /** Zeros where there is no mask before; null for nets that take none. */
  protected readonly noState: GPUBuffer | null;
  private shape!: MaskShape;
  /** Null where the output is a map as it stands. */
  private probability: Probability | null = null;
  private readonly reader: Reader;

  constructor(
    protected readonly model: Model,
    readonly device: GPUDevice,
    /** Whether the device goes with the net. */
    protected readonly owner: boolean,
  ) {
    const { card } = model;
    const [rows, columns] = card.input.size;
    this.reader = new Reader(device);
    const like = (channels: number) => (card.input.layout === "NCHW" ? [1, channels, rows, columns] : [1, rows, columns, channels]);
    this.dims = like(card.input.channels);
    this.stateDims = like(1);
    this.noState = card.state && device.createBuffer({ size: 4 * rows * columns, usage: HOLDS });
  }

  /** Has the library run the net. */
  protected abstract infer(input: NetInput): Promise<Output>;
  abstract dispose(): void;

  /** One run on an empty picture: compiles the shaders, and shows what comes out, or that the model does not run here. */
  async prepare(): Promise<void> {
    const { card } = this.model;
    const size = 4 * this.dims.reduce((product, side) => product * side, 1);
    const empty = this.device.createBuffer({ size: Math.ceil(size / 16) * 16, usage: HOLDS });
    const output = await this.infer({ values: null, buffer: empty, previous: null, previousBuffer: null });
    this.shape = readShape(output.dims, card);
    if (!isPlain(output.type, this.shape, card)) {
      this.probability = await Probability.make(this.device, output.type, this.shape, card);
      this.probability.read(output.buffer);
    }
    await guarded(this.device, this.device.queue.onSubmittedWorkDone());
    check(this.device);
    output.release();
    empty.destroy();
  }

  async run(input: NetInput): Promise<MaskMap> {
    check(this.device);
    const { queue } = this.device;
    const start = performance.now();
    const output = await this.infer(input);
    const shape = { rows: this.shape.rows, columns: this.shape.columns };
    const buffer = this.probability?.read(output.buffer) ?? output.buffer;
    await guarded(this.device, queue.onSubmittedWorkDone());
    check(this.device);
    if (input.buffer) {
      return { ...shape, values: null, buffer, sound: true, inference: performance.now() - start, readback: 0, release: () => output.release() };
    }
    const end = performance.now();
    const { sound, values } = await this.download(buffer).finally(() => output.release());
    return { ...shape, values, buffer: null, sound, inference: end - start, readback: performance.now() - end, release: () => undefined };
  }

  /** For renderers that are elsewhere. */
  private async download(map: GPUBuffer): Promise<{ values: Float32Array; sound: boolean }> {
    const values = await this.reader.floats(map, this.shape.rows * this.shape.columns);
    check(this.device);
    let sound = 0;
    for (let pixel = 0; pixel < values.length; pixel++) {
      const value = values[pixel]!;
      sound += value * 0; // NaN where a number is not finite
      values[pixel] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
    return { values, sound: sound === 0 };
  }
}
