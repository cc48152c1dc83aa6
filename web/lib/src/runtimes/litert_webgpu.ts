/** LiteRT on WebGPU. */

import { loadAndCompile, Tensor, type CompiledModel, type Environment } from "@litertjs/core";
import { LimnerWebError } from "../api.ts";
import type { Model } from "../assets.ts";
import { guarded, openDevice } from "../webgpu/device.ts";
import { GpuNet, type Output } from "./gpu_net.ts";
import { outputShape } from "./litert.ts";
import { environment, start } from "./litert_start.ts";
import { checkWeights } from "./litert_weights.ts";
import type { Net, NetInput, RuntimeOptions } from "./net.ts";

export async function open({ model, base, threads, device: given }: RuntimeOptions): Promise<Net> {
  checkWeights(model.weights, model.card.file);
  await start(base, threads);
  const device = given ?? (await openDevice());
  try {
    const here = await environment(device);
    const compiled = await loadAndCompile(model.weights, { accelerator: "webgpu", environment: here, gpuOptions: { precision: "fp32" } });
    if (!compiled.isFullyAccelerated) throw new LimnerWebError("no-runtime", `litert-webgpu cannot run all of ${model.card.file}: choose litert-wasm`);
    const net = new LiteRtGpuNet(compiled, here, model, device, !given);
    await net.prepare();
    return net;
  } catch (error) {
    if (!given) device.destroy();
    throw error;
  }
}

class LiteRtGpuNet extends GpuNet {
  readonly runtime = "litert-webgpu";
  private readonly outputDims: number[];

  constructor(
    private readonly compiled: CompiledModel,
    private readonly here: Environment,
    model: Model,
    device: GPUDevice,
    owner: boolean,
  ) {
    super(model, device, owner);
    this.outputDims = outputShape(compiled, model.card.output.name, model.card.file);
  }

  dispose(): void {
    this.compiled.delete();
    this.here.delete();
    if (this.owner) this.device.destroy();
  }

  protected async infer({ values, buffer, previous, previousBuffer }: NetInput): Promise<Output> {
    const { card } = this.model;
    const feeds: Record<string, Tensor> = { [card.input.name]: this.tensor(buffer ?? values!, this.dims) };
    if (card.state) feeds[card.state.input] = this.tensor(previous ?? previousBuffer ?? this.noState!, this.stateDims);
    try {
      const outputs = await guarded(this.device, this.compiled.run(feeds));
      const output = outputs[card.output.name]!;
      for (const tensor of Object.values(outputs)) if (tensor !== output) tensor.delete();
      return { buffer: output.toGpuBuffer(), dims: this.outputDims, type: "float32", release: () => output.delete() };
    } finally {
      for (const tensor of Object.values(feeds)) tensor.delete();
    }
  }

  private tensor(data: GPUBuffer | Float32Array, dims: number[]): Tensor {
    return data instanceof Float32Array ? new Tensor(data, dims, this.here) : new Tensor(data, dims, "float32", this.here);
  }
}
