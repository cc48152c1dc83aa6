/** Weights that are not numbers are found, in every format that is looked through. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { formatOf, type Model } from "../../lib/src/assets.ts";
import { parseCard } from "../../lib/src/card.ts";
import { allFinite } from "../../lib/src/runtimes/finite.ts";
import { checkWeights } from "../../lib/src/runtimes/litert_weights.ts";
import { readGraph } from "../../lib/src/runtimes/tfjs_graph.ts";

const MODELS = resolve(import.meta.dirname, "../../../src/limner/web/models");
const read = (path: string) => new Uint8Array(readFileSync(resolve(MODELS, path)));

describe("allFinite", () => {
  it.each([
    [[0, -1.5, 3e38], true],
    [[0, NaN], false],
    [[-Infinity, 0], false],
  ])("of float32 %s is %s", (numbers, expected) => {
    expect(allFinite(new DataView(new Float32Array(numbers).buffer), "float32")).toBe(expected);
  });

  it.each([
    [[0x0000, 0x7bff, 0xbc00], true],
    [[0x3c00, 0x7e00], false],
    [[0xfc00], false],
  ])("of float16 %s is %s", (halves, expected) => {
    expect(allFinite(new DataView(new Uint16Array(halves).buffer), "float16")).toBe(expected);
  });
});

describe("checkWeights", () => {
  it("passes the file that ships", () => expect(() => checkWeights(read("litert/fast.tflite"), "fast.tflite")).not.toThrow());

  it("names the weight that is not a number", () => {
    const file = read("litert/fast.tflite");
    // The middle of the file is in the weights of some convolution.
    new DataView(file.buffer).setFloat32(4 * (file.length >> 3), NaN, true);
    expect(() => checkWeights(file, "mine.tflite")).toThrow(/mine\.tflite: weight .+ is not a number/);
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["another file", new TextEncoder().encode("this is not a model at all")],
    ["half a file", read("litert/fast.tflite").slice(0, 5000)],
  ])("refuses %s", (_, file) => expect(() => checkWeights(file, "mine.tflite")).toThrow(/mine\.tflite is damaged, or no \.tflite file/));
});

function graph(change: (weights: Uint8Array) => void = () => undefined): Model {
  const card = parseCard(readFileSync(resolve(MODELS, "tfjs/fast.json"), "utf8"), "fast.json");
  const weights = read("tfjs/fast.tfjs/model.json");
  const data = read("tfjs/fast.tfjs/group1-shard1of1.bin");
  change(data);
  return { card, weights, format: formatOf(card.file), sizes: null, files: new Map([["model.json", weights], ["group1-shard1of1.bin", data]]) };
}

describe("readGraph", () => {
  it("knows the nodes of inputs and outputs by the card's names", () => {
    const found = readGraph(graph());
    expect(found.node("inputs", "image")).toMatch(/^image/);
    expect(found.node("outputs", "logits")).toBeTruthy();
    expect(() => found.node("outputs", "alpha")).toThrow(/no output alpha, which its card names; it has logits/);
  });

  it("names the weight that is not a number", () => {
    const broken = graph((data) => new DataView(data.buffer).setUint16(2 * (data.length >> 2), 0x7e00, true));
    expect(() => readGraph(broken)).toThrow(/weight .+ is not a number/);
  });

  it("refuses weights that are cut short", () => {
    const short = graph();
    short.files = new Map([...short.files].map(([name, file]) => [name, name.endsWith(".bin") ? file.slice(0, 1000) : file]));
    expect(() => readGraph(short)).toThrow(/more weights than its files hold/);
  });
});
