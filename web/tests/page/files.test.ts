import { describe, expect, it } from "vitest";
import { sortFiles } from "../../page/src/files.ts";

const CARD = { schema: 1, name: "mine", file: "mine.onnx", input: { size: [256, 256] }, output: { name: "alpha" } };
const file = (name: string, content = "", type = ""): File => new File([content], name, { type });
const card = (over: object = {}, name = "mine.json"): File => file(name, JSON.stringify({ ...CARD, ...over }));
const GRAPH = file("model.json", JSON.stringify({ format: "graph-model", weightsManifest: [{ paths: ["group1.bin"] }] }));

describe("sortFiles: pictures", () => {
  it.each([
    ["a.jpg", "", "photo"],
    ["A.PNG", "", "photo"],
    ["clip.MOV", "", "video"],
    ["image", "image/webp", "photo"],
    ["recording", "video/mp4", "video"],
  ])("takes %s of type %j for a %s", async (name, type, kind) => {
    expect(await sortFiles([file(name, "", type)])).toMatchObject({ kind, file: { name } });
  });

  it("takes the first of several", async () => {
    expect(await sortFiles([file("notes.txt"), file("b.mp4"), file("a.jpg")])).toMatchObject({ kind: "video", file: { name: "b.mp4" } });
  });

  it("says what it was given where that is no picture", async () => {
    expect(await sortFiles([file("notes.txt")])).toEqual({ kind: "trouble", text: "notes.txt is neither a photo nor a video nor a model." });
    expect(await sortFiles([file("a.txt"), file("b.txt")])).toMatchObject({ kind: "trouble" });
  });
});

describe("sortFiles: models", () => {
  it.each([
    ["ONNX", [file("mine.onnx"), card()], ["mine.onnx"]],
    ["TFLite", [card({ file: "mine.tflite" }), file("mine.tflite")], ["mine.tflite"]],
    ["TensorFlow.js", [card({ file: "model.json" }, "card.json"), GRAPH, file("group1.bin")], ["group1.bin", "model.json"]],
    ["a model among pictures", [file("look.png"), file("mine.onnx"), card()], ["mine.onnx"]],
  ])("puts together %s", async (_, files, names) => {
    const found = await sortFiles(files);
    expect(found).toMatchObject({ kind: "model", name: "mine" });
    if (found.kind === "model") expect([...found.files.files.keys()].sort()).toEqual(names);
  });

  it("names the card after its file where it has no name", async () => {
    expect(await sortFiles([file("x.onnx"), card({ name: undefined }, "x.json")])).toMatchObject({ kind: "model", name: "x" });
  });

  it.each([
    ["weights without a card", [file("mine.onnx")], "mine.onnx came without its card"],
    ["a graph without a card", [GRAPH, file("group1.bin")], "model.json came without its card"],
    ["a card without weights", [card()], "they are in mine.onnx"],
    ["two cards", [card(), card({}, "other.json"), file("mine.onnx")], "mine.json and other.json are both cards"],
    ["other JSON", [file("package.json", '{"name": "x"}'), file("mine.onnx")], "package.json is not the card of a model"],
    ["no JSON", [file("mine.json", "{"), file("mine.onnx")], "mine.json is not JSON"],
  ])("says what is missing: %s", async (_, files, text) => {
    const found = await sortFiles(files);
    expect(found.kind).toBe("trouble");
    if (found.kind === "trouble") expect(found.text).toContain(text);
  });
});
