import { describe, expect, it } from "vitest";
import { describe as describeModel, readIndex, runsOn } from "../../page/src/models.ts";

const ENTRY = { name: "fast", card: "fast.json", format: "onnx", bytes: 490_873, width: 256, height: 256, summary: "gated" };

it("says what a model is for, and how large it is", () => {
  expect(describeModel(ENTRY)).toBe("For calls and photos. 256 × 256, 0.5 MB.");
  expect(describeModel({ ...ENTRY, name: "own/mine.onnx", bytes: 0 })).toBe("gated 256 × 256.");
});

it.each([
  [["onnx"], "ort-wasm", true],
  [["onnx"], "litert-wasm", false],
  [["onnx"], "tfjs-webgl", false],
  [["onnx"], "auto", true],
  [["onnx", "tflite", "tfjs"], "tfjs-wasm", true],
  [undefined, "tfjs-wasm", true],
] as const)("a model with the files %j on %s: %s", (formats, runtime, runs) => {
  expect(runsOn({ ...ENTRY, ...(formats && { formats }) }, runtime)).toBe(runs);
  expect(runsOn(undefined, runtime)).toBe(true);
});

describe("readIndex", () => {
  it("takes the models that have a name and a card", () => {
    expect(readIndex({ schema: 1, models: [ENTRY, { name: "x" }, null] })).toEqual([ENTRY]);
  });

  it.each([null, 7, {}, { models: "none" }])("gives none for %j", (index) => {
    expect(readIndex(index)).toEqual([]);
  });
});
