import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCard, type Card } from "../../lib/src/card.ts";
import { mapSize, place } from "../../lib/src/placement.ts";
import { fillInput, personProbability, readShape } from "../../lib/src/planes.ts";

const FAST = parseCard(readFileSync(resolve(import.meta.dirname, "../../../src/limner/models/fast.json"), "utf8"), "fast.json");

function spec(changes: Partial<Card["input"]>): Card["input"] {
  return { ...FAST.input, size: [16, 16], ...changes };
}

describe("fillInput", () => {
  const pixels = Uint8Array.from({ length: 4 * 256 }, (_, index) => index % 251);
  const whole = { left: 0, top: 0, width: 1, height: 1 };

  it("lays planes out one after the other for NCHW, and the mask before as the fourth", () => {
    const into = new Float32Array(4 * 256);
    const before = new Float32Array(256).fill(0.25);
    fillInput(pixels, before, spec({ channels: 4 }), whole, into);
    expect(into[5]).toBeCloseTo(pixels[20]! / 255);
    expect(into[256 + 5]).toBeCloseTo(pixels[21]! / 255);
    expect(into[768 + 5]).toBe(0.25);
  });

  it("interleaves for NHWC, turns colours round for BGR and normalises in the net's order", () => {
    const into = new Float32Array(3 * 256);
    fillInput(pixels, null, spec({ layout: "NHWC", colorOrder: "BGR", scale: 1, mean: [1, 2, 3], std: [2, 2, 2] }), whole, into);
    expect([...into.slice(15, 18)]).toEqual([(pixels[22]! - 1) / 2, (pixels[21]! - 2) / 2, (pixels[20]! - 3) / 2]);
  });

  it("is 0 around a letterboxed frame, whatever the mean", () => {
    const box = place(32, 16, spec({ resize: "letterbox" }));
    expect(box).toEqual({ left: 0, top: 0.25, width: 1, height: 0.5 });
    const into = new Float32Array(3 * 256).fill(9);
    fillInput(pixels, null, spec({ mean: [0.5, 0.5, 0.5] }), box, into);
    expect(into[3 * 16]).toBe(0);
    expect(into[4 * 16]).not.toBe(0);
    expect(into[12 * 16]).toBe(0);
  });
});

describe("readShape and personProbability", () => {
  const card = (kind: Card["output"]["kind"], personClass = 0, backgroundClass: number | null = null): Card => ({
    ...FAST,
    input: { ...FAST.input, size: [16, 16] },
    output: { name: "out", kind, personClass, backgroundClass },
  });
  const read = (shape: number[], values: ArrayLike<number>, of: Card) => {
    const into = new Float32Array(16 * 16);
    const sound = personProbability(values, readShape(shape, of), of, into);
    return { sound, first: into[0]! };
  };

  it.each([
    ["sigmoid", [1, 1, 16, 16], 0.7, 0.7],
    ["logits", [1, 16, 16, 1], 0, 0.5],
    ["logits", [16, 16], -100, 0],
    ["argmax", [1, 16, 16], 0, 1],
  ] as const)("one channel of %s, shape %j", (kind, shape, value, expected) => {
    expect(read([...shape], new Float32Array(256).fill(value), card(kind)).first).toBeCloseTo(expected);
  });

  it("takes one class of several, or all but one", () => {
    const values = Float32Array.from({ length: 512 }, (_, index) => (index < 256 ? 1 : 3)); // planes
    expect(read([1, 2, 16, 16], values, card("logits", 1)).first).toBeCloseTo(1 / (1 + Math.exp(-2)));
    expect(read([1, 2, 16, 16], values, card("logits", 0, 0)).first).toBeCloseTo(1 / (1 + Math.exp(-2)));
    const last = Float32Array.from({ length: 512 }, (_, index) => [0.2, 0.8][index % 2]!);
    expect(read([1, 16, 16, 2], last, card("softmax", 1)).first).toBeCloseTo(0.8);
  });

  it.each([NaN, Infinity, -Infinity])("calls an output with %s no mask", (bad) => {
    const values = new Float32Array(256);
    values[77] = bad;
    expect(read([1, 1, 16, 16], values, card("sigmoid")).sound).toBe(false);
    expect(read([1, 1, 16, 16], values, card("logits")).sound).toBe(false);
  });

  it.each([[[1, 1000]], [[1, 3, 1, 1]], [[1, 2, 3, 4, 5]]])("refuses %j, which is no map", (shape) => {
    expect(() => readShape(shape, card("sigmoid"))).toThrow(/no map/);
  });

  it("refuses a class that the output has not", () => {
    expect(() => readShape([1, 2, 16, 16], card("softmax", 5))).toThrow(/class 5, but output out has 2/);
  });
});

describe("mapSize", () => {
  it.each([
    [1280, 720, 320, 180],
    [640, 480, 320, 240],
    [720, 900, 180, 225],
    [4000, 3000, 250, 188],
    [17, 9, 9, 5],
  ])("of %i × %i is %i × %i", (width, height, mapWidth, mapHeight) => {
    expect(mapSize(width, height)).toEqual([mapWidth, mapHeight]);
  });
});
