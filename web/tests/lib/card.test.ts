import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { LimnerWebError } from "../../lib/src/api.ts";
import { parseCard } from "../../lib/src/card.ts";

const MODELS = resolve(import.meta.dirname, "../../../src/limner/models");
const GOOD = JSON.parse(readFileSync(resolve(MODELS, "fast.json"), "utf8")) as Record<string, unknown>;

function changed(changes: Record<string, unknown>): string {
  return JSON.stringify({ ...GOOD, ...changes });
}

describe("parseCard", () => {
  const others = ["edges.json", "harmonize.json"]; // which find nobody
  const people = readdirSync(MODELS).filter((name) => name.endsWith(".json") && !others.includes(name));
  it.each(people)("reads the shipped card %s", (name) => {
    const card = parseCard(readFileSync(resolve(MODELS, name), "utf8"), name);
    expect(`${card.name}.json`).toBe(name);
    expect(card.file).toBe(name.replace(".json", ".onnx"));
    expect(card.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("reads a card that says its task, and the names of its classes", () => {
    const card = parseCard(changed({ task: "segment", output: { ...(GOOD.output as object), labels: ["room", "person"] } }), "mine.json");
    expect(card.output.kind).toBe("sigmoid");
  });

  const input = GOOD.input as object;
  const output = GOOD.output as object;
  it.each([
    ["not JSON", "{", /is not JSON/],
    ["a list", "[]", /JSON object/],
    ["another size of one side", changed({ input: { ...(GOOD.input as object), other_sizes: [[192]] } }), /other_sizes must be/],
    ["other sizes that are no list", changed({ input: { ...(GOOD.input as object), other_sizes: 192 } }), /other_sizes must be a list/],
    ["no input", changed({ input: undefined }), /input is missing/],
    ["a path as its file", changed({ file: "../../secret.onnx" }), /plain file name/],
    ["an address as its file", changed({ file: "https://else.where/x.onnx" }), /plain file name/],
    ["another task", changed({ task: "harmonize" }), /only nets that find a person/],
    ["a size of no use", changed({ input: { ...input, size: [0, 256] } }), /input: size must be/],
    ["states", changed({ states: [{ input: "r1i", output: "r1o" }] }), /states works in Limner's Python package only/],
    ["constants", changed({ constants: { ratio: 1 } }), /constants works in/],
    ["a crop", changed({ crop: { model: "fast" } }), /crop works in/],
    ["several person classes", changed({ output: { ...output, person_class: null, person_classes: [1, 2] } }), /person_classes works/],
    ["five channels", changed({ input: { ...input, channels: 5 } }), /channels is 5; here it can be 3, 4/],
    ["a packed output", changed({ output: { ...output, kind: "packed" } }), /kind is "packed"/],
    ["std of text", changed({ input: { ...input, std: ["a", 1, 1] } }), /std must be three numbers/],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseCard(text, "mine.json")).toThrow(message);
    expect(() => parseCard(text, "mine.json")).toThrow(LimnerWebError);
  });
});
