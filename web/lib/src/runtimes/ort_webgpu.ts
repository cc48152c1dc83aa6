/** ONNX Runtime Web on WebGPU. */

import * as ort from "onnxruntime-web/webgpu";
import { LimnerWebError } from "../api.ts";
import type { Model } from "../assets.ts";
import { guarded, openDevice } from "../webgpu/device.ts";
import { GpuNet, type Output } from "./gpu_net.ts";
import type { Net, NetInput, RuntimeOptions } from "./net.ts";

/** The library does one thing at a time, whatever the number of its sessions. */
let turn: Promise<unknown> = Promise.resolve();

function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
}

export async function open({ model, base, device: given }: RuntimeOptions): Promise<Net> {
  ort.env.wasm.wasmPaths = base.href;
  ort.env.wasm.numThreads = 1; // the device does the work
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  const device = given ?? (await openDevice());
  try {
    const session = await alone(() =>
      ort.InferenceSession.create(model.weights, {
        executionProviders: [{ name: "webgpu", device }],
        graphOptimizationLevel: "all",
        preferredOutputLocation: "gpu-buffer",
      }),
    );
    const net = new OrtGpuNet(session, model, device, !given);
    await net.prepare();
    return net;
  } catch (error) {
    if (!given) device.destroy();
    if (error instanceof Error && /requires f16/.test(error.message)) {
      const message = `${model.card.name} computes in half precision, which this graphics device does not: export it as fp32, or choose ort-wasm`;
      throw new LimnerWebError("no-runtime", message, { cause: error });
    }
    throw error;
  }
}

class OrtGpuNet extends GpuNet {
  readonly runtime = "ort-webgpu";

  constructor(
    private readonly session: ort.InferenceSession,
    model: Model,
    device: GPUDevice,
    owner: boolean,
  ) {
    super(model, device, owner);
    for (const input of session.inputMetadata) {
      if (input.isTensor && input.type !== "float32") throw new LimnerWebError("bad-model", `${model.card.name}: input ${input.name} takes ${input.type}; here it must take float32, as Limner's own exports do`);
    }
  }

  dispose(): void {
    void alone(() => this.session.release())
      .catch(() => undefined)
      .finally(() => this.owner && this.device.destroy());
  }

  protected async infer({ values, buffer, previous, previousBuffer }: NetInput): Promise<Output> {
    const { card } = this.model;
    const feeds: Record<string, ort.Tensor> = { [card.input.name]: buffer ? this.on(buffer, this.dims) : new ort.Tensor("float32", values!, this.dims) };
    if (card.state) feeds[card.state.input] = previous ? new ort.Tensor("float32", previous, this.stateDims) : this.on(previousBuffer ?? this.noState!, this.stateDims);
    const outputs = await alone(() => guarded(this.device, this.session.run(feeds)));
    const output = outputs[card.output.name];
    for (const tensor of Object.values(outputs)) if (tensor !== output) tensor.dispose();
    if (!output) throw new LimnerWebError("bad-model", `${card.name}: the model has no output ${card.output.name}`);
    return { buffer: output.gpuBuffer as GPUBuffer, dims: output.dims, type: output.type, release: () => output.dispose() };
  }

  private on(buffer: GPUBuffer, dims: number[]): ort.Tensor {
    return ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
  }
}
