/** LiteRT on the CPU (WebAssembly with SIMD, and threads where the page is isolated) or on the graphics device (WebGPU). */

import { CompiledModel, loadAndCompile, Tensor, type Environment } from "@litertjs/core";
import { LimnerWebError } from "../api.ts";
import { personProbability, readShape, type MaskShape } from "../planes.ts";
import { environment, start } from "./litert_start.ts";
import { checkWeights } from "./litert_weights.ts";
import type { MaskMap, Net, NetInput, RuntimeOptions } from "./net.ts";

export async function open({ model, base, threads }: RuntimeOptions): Promise<Net> {
  checkWeights(model.weights, model.card.file);
  const had = await start(base, threads);
  const here = await environment(null);
  const compiled = await loadAndCompile(model.weights, { accelerator: "wasm", environment: here, cpuOptions: { numThreads: had } });
  return new LiteRtNet(compiled, here, model, had);
}

class LiteRtNet implements Net {
  readonly runtime = "litert-wasm";
  readonly device = null;
  private readonly shape: MaskShape;
  private readonly map: Float32Array;

  constructor(
    private readonly compiled: CompiledModel,
    private readonly here: Environment,
    private readonly model: RuntimeOptions["model"],
    readonly threads: number,
  ) {
    const { card } = model;
    this.shape = readShape(outputShape(compiled, card.output.name, card.file), card);
    this.map = new Float32Array(this.shape.rows * this.shape.columns);
  }

  async run(input: NetInput): Promise<MaskMap> {
    const { card } = this.model;
    const [rows, columns] = card.input.size;
    const start = performance.now();
    const feeds: Record<string, Tensor> = { [card.input.name]: this.tensor(input.values!, card.input.channels) };
    if (card.state) feeds[card.state.input] = this.tensor(input.previous ?? new Float32Array(rows * columns), 1);
    let outputs: Record<string, Tensor> = {};
    try {
      outputs = await this.compiled.run(feeds);
      const end = performance.now();
      const values = (await outputs[card.output.name]!.data()) as Float32Array;
      const sound = personProbability(values, this.shape, card, this.map);
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
    } finally {
      for (const tensor of [...Object.values(feeds), ...Object.values(outputs)]) tensor.delete();
    }
  }

  dispose(): void {
    this.compiled.delete();
    this.here.delete();
  }

  private tensor(values: Float32Array, channels: number): Tensor {
    const { layout, size } = this.model.card.input;
    return new Tensor(values, layout === "NCHW" ? [1, channels, ...size] : [1, ...size, channels], this.here);
  }
}

/** @throws LimnerWebError "bad-model". */
export function outputShape(compiled: CompiledModel, name: string, file: string): number[] {
  const details = compiled.getOutputDetails();
  const found = details.find((detail) => detail.name === name);
  if (!found) throw new LimnerWebError("bad-model", `${file} has no output ${name}, which its card names; it has ${details.map((detail) => detail.name).join(", ")}`);
  if (found.dtype !== "float32") throw new LimnerWebError("bad-model", `${file}: output ${name} is ${found.dtype}; browsers need float: export it with --precision fp16 or int8-float-io`);
  return [...found.shape];
}
