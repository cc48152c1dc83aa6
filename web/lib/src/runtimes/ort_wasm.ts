/** ONNX Runtime Web on the CPU: WebAssembly with SIMD, and threads where the page is cross-origin isolated. */

import * as ort from "onnxruntime-web/wasm";
import { personProbability, readShape, type MaskShape } from "../planes.ts";
import type { MaskMap, Net, NetInput, RuntimeOptions } from "./net.ts";

export async function open({ model, base, threads }: RuntimeOptions): Promise<Net> {
  ort.env.wasm.wasmPaths = base.href;
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model.weights, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  return new OrtNet(session, model, threads);
}

class OrtNet implements Net {
  readonly runtime = "ort-wasm";
  readonly device = null;
  private shape: MaskShape | null = null;
  private map = new Float32Array(0);

  constructor(
    private readonly session: ort.InferenceSession,
    private readonly model: RuntimeOptions["model"],
    readonly threads: number,
  ) {}

  async run(input: NetInput): Promise<MaskMap> {
    const { card } = this.model;
    const [rows, columns] = card.input.size;
    const dims = card.input.layout === "NCHW" ? [1, card.input.channels, rows, columns] : [1, rows, columns, card.input.channels];
    const feeds: Record<string, ort.Tensor> = { [card.input.name]: new ort.Tensor("float32", input.values!, dims) };
    if (card.state) {
      const state = card.input.layout === "NCHW" ? [1, 1, rows, columns] : [1, rows, columns, 1];
      feeds[card.state.input] = new ort.Tensor("float32", input.previous ?? new Float32Array(rows * columns), state);
    }
    const start = performance.now();
    const outputs = await this.session.run(feeds);
    const end = performance.now();
    const output = outputs[card.output.name];
    if (!output) throw new Error(`the model has no output ${card.output.name}`);
    this.shape ??= readShape(output.dims, card);
    const area = this.shape.rows * this.shape.columns;
    if (this.map.length !== area) this.map = new Float32Array(area);
    // Classes from ArgMax are 64-bit integers.
    const data = output.data instanceof BigInt64Array ? Float32Array.from(output.data, Number) : (output.data as Float32Array);
    const sound = personProbability(data, this.shape, card, this.map);
    for (const tensor of Object.values(outputs)) tensor.dispose();
    return {
      rows: this.shape.rows,
      columns: this.shape.columns,
      values: this.map,
      buffer: null,
      sound,
      inference: end - start,
      readback: performance.now() - end,
      release: () => undefined,
    };
  }

  dispose(): void {
    void this.session.release();
  }
}
