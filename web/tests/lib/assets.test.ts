/** Models from a server and from dropped files, in each format, whole and damaged. */

import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelFiles, Progress } from "../../lib/src/api.ts";
import { formatOf, loadModel } from "../../lib/src/assets.ts";

const SHIPPED = resolve(import.meta.dirname, "../../../src/limner/models");
const CONVERTED = resolve(import.meta.dirname, "../../../src/limner/web/models");
let server: Server;
let assets: URL;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const path = request.url!.replace(/^\/models\//, "");
    const file = /^(litert|tfjs)\//.test(path) ? join(CONVERTED, path) : join(SHIPPED, path);
    await readFile(file).then(
      (data) => response.end(data),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  assets = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});

afterAll(() => void server.close());

describe("loadModel by name", () => {
  it.each([
    ["onnx", ["fast.onnx"]],
    ["tflite", ["fast.tflite"]],
    ["tfjs", ["model.json", "group1-shard1of1.bin"]],
  ] as const)("fetches %s, and tells how far it is", async (format, names) => {
    const told: Progress[] = [];
    const model = await loadModel("fast", assets, format, (progress) => told.push(progress));
    expect([model.card.name, model.format, [...model.files.keys()]]).toEqual(["fast", format, names]);
    expect(model.weights.length).toBeGreaterThan(100_000);
    expect(told.at(-1)!.what).toBe("model");
    expect(told.some(({ loaded }) => loaded === model.weights.length)).toBe(true);
  });

  it("says which file is not there", async () => {
    await expect(loadModel("slow", assets, "tflite", () => undefined)).rejects.toThrow(/\/models\/litert\/slow\.json is not there \(HTTP 404\)/);
  });
});

async function dropped(change: (files: Map<string, Blob>) => void = () => undefined): Promise<ModelFiles> {
  const blob = async (path: string) => new Blob([await readFile(join(CONVERTED, "tfjs", path))]);
  const files = new Map([
    ["model.json", await blob("fast.tfjs/model.json")],
    ["group1-shard1of1.bin", await blob("fast.tfjs/group1-shard1of1.bin")],
    ["notes.txt", new Blob(["mine"])],
  ]);
  change(files);
  return { card: await blob("fast.json"), files };
}

describe("loadModel of dropped files", () => {
  const load = async (change?: (files: Map<string, Blob>) => void) => loadModel(await dropped(change), assets, "tfjs", () => undefined);

  it("takes what belongs to the card's folder", async () => {
    const model = await load();
    expect([model.format, [...model.files.keys()]]).toEqual(["tfjs", ["model.json", "group1-shard1of1.bin"]]);
  });

  it.each([
    ["no graph", (files: Map<string, Blob>) => files.delete("model.json"), /The card belongs to fast\.tfjs, which was not given/],
    ["no weights", (files: Map<string, Blob>) => files.delete("group1-shard1of1.bin"), /fast\.tfjs needs group1-shard1of1\.bin, which was not given/],
    ["other weights", (files: Map<string, Blob>) => files.set("group1-shard1of1.bin", new Blob(["no"])), /fast\.tfjs is not the file that its card describes/],
    ["a damaged graph", (files: Map<string, Blob>) => files.set("model.json", new Blob(["{"])), /fast\.tfjs is no TensorFlow\.js model/],
    ["weights elsewhere", (files: Map<string, Blob>) => files.set("model.json", new Blob(['{"weightsManifest": [{"paths": ["../x.bin"]}]}'])), /fast\.tfjs is no TensorFlow\.js model/],
  ])("refuses %s", async (_, change, message) => {
    await expect(load((files) => void change(files))).rejects.toThrow(message);
  });
});

describe("formatOf", () => {
  it.each([
    ["a.onnx", "onnx"],
    ["a.tflite", "tflite"],
    ["a.tfjs", "tfjs"],
    ["a.tfjs/model.json", "tfjs"],
  ] as const)("%s is %s", (file, format) => expect(formatOf(file)).toBe(format));

  it("says what else there is", () => expect(() => formatOf("a.xml")).toThrow(/export it as onnx, litert or tfjs/));
});
