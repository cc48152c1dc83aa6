/** .onnx nets at other sizes: ONNX Runtime takes them, and gives a map of that size. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-web/wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { parseCard } from "../../lib/src/card.ts";
import { withInputSize, type Size } from "../../lib/src/onnx_size.ts";

const FOLDER = join(import.meta.dirname, "../../../src/limner/models");
const read = (name: string) => new Uint8Array(readFileSync(join(FOLDER, name)));
const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0; // toEqual takes seconds for each
const cardOf = (name: string) => parseCard(readFileSync(join(FOLDER, `${name}.json`), "utf8"), name);

beforeAll(() => {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
});

describe("a .onnx net", () => {
  it.each(["fast", "tiny", "video", "quality"])("%s runs at the longest of its sizes, and is unharmed", async (name) => {
    const { input, output } = cardOf(name);
    const model = read(`${name}.onnx`);
    const size = input.otherSizes[0]!;
    const session = await ort.InferenceSession.create(withInputSize(model, input.size, size), { executionProviders: ["wasm"] });
    const dims = [1, input.channels, ...size];
    const grey = new Float32Array(dims.reduce((product, side) => product * side)).fill(0.5);
    const { [output.name]: map } = await session.run({ [input.name]: new ort.Tensor("float32", grey, dims) });
    expect(map!.dims).toEqual([1, 1, ...size]);
    expect((map!.data as Float32Array).every(Number.isFinite)).toBe(true);
    await session.release();
    expect(same(model, read(`${name}.onnx`))).toBe(true);
  });

  it.each(["fast", "tiny", "video", "quality"])("%s keeps its weights, and comes back", (name) => {
    const { input } = cardOf(name);
    const model = read(`${name}.onnx`);
    for (const size of input.otherSizes) {
      const sized = withInputSize(model, input.size, size);
      expect(sized.length).toBe(model.length);
      const apart = sized.filter((byte, at) => byte !== model[at]).length;
      expect(apart).toBeGreaterThanOrEqual(4);
      expect(apart).toBeLessThan(100);
      if (name !== "quality") expect(same(withInputSize(sized, size, input.size), model)).toBe(true);
    }
  });

  it.each<[string, Uint8Array<ArrayBuffer>, Size, string]>([
    ["that has no whole size there", read("quality.onnx"), [250, 300], "no whole size"],
    ["that is cut off", read("quality.onnx").slice(0, 1000), [256, 416], "not a .onnx model"],
    ["that is none", new TextEncoder().encode("no net at all"), [256, 416], "not a .onnx model"],
  ])("%s is an error", (_, model, size, says) => expect(() => withInputSize(model, [320, 320], size)).toThrow(says));
});
