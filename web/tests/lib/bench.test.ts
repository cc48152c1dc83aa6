/** Which rows a table of measurements has. */

import { describe, expect, it } from "vitest";
import { benchPlans } from "../../lib/src/bench.ts";

const MODELS = new URL("https://here.test/models/index.json");
const FAST = { name: "fast", format: "onnx", formats: ["onnx", "tflite", "tfjs"], card: "fast.json", width: 256, height: 256 };
const OWN = { name: "own/tiny-192.int8.tflite", format: "tflite", card: "own/tiny-192.int8.tflite.json", width: 192, height: 192 };

describe("benchPlans", () => {
  it("runs each shipped model in the format of each runtime", () => {
    const found = benchPlans({ models: [FAST] }, MODELS, ["ort-wasm", "litert-wasm", "tfjs-wasm"]);
    expect(found.map(({ runtime, card, precision }) => [runtime, card.pathname, precision])).toEqual([
      ["ort-wasm", "/models/fast.json", "fp16"],
      ["litert-wasm", "/models/litert/fast.json", "fp32"],
      ["tfjs-wasm", "/models/tfjs/fast.json", "fp16"],
    ]);
  });

  it("leaves out runtimes that do not read a format", () => {
    const found = benchPlans({ models: [OWN, { ...FAST, formats: ["onnx"] }] }, MODELS, ["ort-wasm", "litert-wasm", "litert-webgpu", "tfjs-wasm"]);
    expect(found.map(({ runtime, model, precision, width }) => [runtime, model, precision, width])).toEqual([
      ["litert-wasm", "tiny-192", "int8", 192],
      ["litert-webgpu", "tiny-192", "int8", 192],
      ["ort-wasm", "fast", "fp16", 256],
    ]);
  });

  it("tells TensorFlow's WebGL to pack or not, and to keep halves or floats", () => {
    const found = benchPlans({ models: [FAST] }, MODELS, ["tfjs-webgl"]);
    expect(found.map(({ precision }) => precision)).toEqual(["fp16, packed, float", "fp16, packed, half", "fp16, unpacked, float", "fp16, unpacked, half"]);
    expect(found[1]!.variant).toEqual({ packed: true, half: true });
  });

  it.each(["ort-wasm", "litert-wasm", "tfjs-wasm"] as const)("runs the default model at other sizes too, on %s", (runtime) => {
    const found = benchPlans({ default: "fast", models: [FAST, { ...FAST, name: "tiny", card: "tiny.json" }, { ...OWN, name: "fast" }] }, MODELS, [runtime]);
    const of = (model: string) => found.filter((plan) => plan.model === model && plan.ships).map(({ width, height, side }) => [width, height, side]);
    expect(of("fast")).toEqual([[256, 256, undefined], ...[128, 192, 320, 384, 512].map((side) => [side, side, side])]);
    expect(of("tiny")).toEqual([[256, 256, undefined]]);
  });

  it("runs each of those sizes in each of the ways of TensorFlow's WebGL", () => {
    const found = benchPlans({ default: "fast", models: [FAST] }, MODELS, ["tfjs-webgl"]);
    expect(found.length).toBe(6 * 4);
    expect(new Set(found.map(({ precision, side }) => `${precision} ${side}`)).size).toBe(found.length);
  });

  it.each([
    ["own/mine.onnx", "mine", "fp32"],
    ["own/a.b.fp16.onnx", "a.b", "fp16"],
    ["own/mine.int8-float-io.tflite", "mine", "int8-float-io"],
  ])("reads the precision of %s", (name, model, precision) => {
    const format = name.split(".").pop()!;
    const [first] = benchPlans({ models: [{ ...OWN, name, format }] }, MODELS, ["ort-wasm", "litert-wasm"]);
    expect([first!.model, first!.precision]).toEqual([model, precision]);
  });
});
