/** A graph model of TensorFlow.js, whatever its backend. */

import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import { getBackend, io, setBackend, tensor, type Tensor } from "@tensorflow/tfjs-core";
import type { RuntimeName } from "../api.ts";
import type { Model } from "../assets.ts";
import { personProbability, readShape, type MaskShape } from "../planes.ts";
import type { MaskMap, Net, NetInput } from "./net.ts";
import { readGraph, type Graph } from "./tfjs_graph.ts";

export async function openGraph(model: Model, runtime: "tfjs-wasm" | "tfjs-webgl", threads: number): Promise<Net> {
  const graph = readGraph(model);
  const loaded = await loadGraphModel(io.fromMemory(graph.artifacts));
  return new TfjsNet(loaded, graph, model, runtime, threads);
}

class TfjsNet implements Net {
  readonly device = null;
  private shape: MaskShape | null = null;
  private map = new Float32Array(0);

  constructor(
    private readonly graph: GraphModel,
    private readonly names: Graph,
    private readonly model: Model,
    readonly runtime: RuntimeName,
    readonly threads: number,
  ) {}

  async run(input: NetInput): Promise<MaskMap> {
    const { card } = this.model;
    const [rows, columns] = card.input.size;
    const backend = this.runtime === "tfjs-wasm" ? "wasm" : "webgl";
    if (getBackend() !== backend) await setBackend(backend); // one for all nets of a worker
    const start = performance.now();
    const feeds: Record<string, Tensor> = { [this.names.node("inputs", card.input.name)]: this.tensor(input.values!, card.input.channels) };
    if (card.state) feeds[this.names.node("inputs", card.state.input)] = this.tensor(input.previous ?? new Float32Array(rows * columns), 1);
    let output: Tensor | null = null;
    try {
      output = this.graph.execute(feeds, this.names.node("outputs", card.output.name)) as Tensor;
      const end = performance.now();
      const values = await output.data();
      this.shape ??= readShape(output.shape, card);
      const area = this.shape.rows * this.shape.columns;
      if (this.map.length !== area) this.map = new Float32Array(area);
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
      output?.dispose();
      for (const feed of Object.values(feeds)) feed.dispose();
    }
  }

  dispose(): void {
    this.graph.dispose();
  }

  private tensor(values: Float32Array, channels: number): Tensor {
    const { layout, size } = this.model.card.input;
    return tensor(values, layout === "NCHW" ? [1, channels, ...size] : [1, ...size, channels], "float32");
  }
}
