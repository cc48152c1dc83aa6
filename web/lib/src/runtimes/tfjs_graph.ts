/** A graph model of TensorFlow.js as files: its weights joined and looked through, its inputs and outputs by name. */

import type { io } from "@tensorflow/tfjs-core";
import { LimnerWebError } from "../api.ts";
import type { Model } from "../assets.ts";
import { bytesOf, joined } from "../graph_weights.ts";
import { allFinite } from "./finite.ts";

export interface Graph {
  artifacts: io.ModelArtifacts;
  /** The graph's own name for an input or output of the card. @throws LimnerWebError "bad-model". */
  node(kind: "inputs" | "outputs", name: string): string;
}

interface Json {
  format?: string;
  modelTopology: object;
  signature?: Record<"inputs" | "outputs", Record<string, { name: string }>>;
  weightsManifest: { paths: string[]; weights: io.WeightsManifestEntry[] }[];
}

/**
 * @throws LimnerWebError "bad-model": the files are no graph model, or a weight is not a number. Kernels clamp after most
 * convolutions, and a clamp turns what is not a number into one: the output would not show that the net is broken.
 */
export function readGraph(model: Model): Graph {
  const { card } = model;
  let json: Json;
  try {
    json = JSON.parse(new TextDecoder().decode(model.weights)) as Json;
  } catch (cause) {
    throw new LimnerWebError("bad-model", `${card.file} is no TensorFlow.js model`, { cause });
  }
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  const parts = json.weightsManifest.flatMap((group) => group.paths).map((path) => model.files.get(path)!);
  const data = joined(parts).buffer;
  checkWeights(specs, data, card.file);
  return {
    artifacts: { modelTopology: json.modelTopology, format: "graph-model", signature: json.signature, weightSpecs: specs, weightData: data },
    node(kind, name) {
      const found = json.signature?.[kind]?.[name]?.name;
      if (!found) throw new LimnerWebError("bad-model", `${card.file} has no ${kind.slice(0, -1)} ${name}, which its card names; it has ${Object.keys(json.signature?.[kind] ?? {}).join(", ") || "none"}`);
      return found;
    },
  };
}

function checkWeights(specs: readonly io.WeightsManifestEntry[], data: ArrayBuffer, file: string): void {
  let at = 0;
  for (const { name, shape, dtype, quantization } of specs) {
    const kept = quantization?.dtype ?? dtype;
    const bytes = bytesOf({ dtype, quantization });
    if (!bytes) return; // strings and complex numbers have lengths of their own; no net of ours has them
    const count = shape.reduce((product, side) => product * side, 1);
    if (at + count * bytes > data.byteLength) throw new LimnerWebError("bad-model", `${file} has more weights than its files hold: fetch or export it again`);
    if (kept === "float32" || kept === "float16") {
      if (!allFinite(new DataView(data, at, count * bytes), kept)) throw new LimnerWebError("bad-model", `${file}: weight ${name} is not a number: export the net again, from a checkpoint that was trained to the end`);
    }
    at += count * bytes;
  }
}
