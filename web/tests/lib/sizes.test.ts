/** Nets for wide and tall frames, made of the file for square ones. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Model } from "../../lib/src/assets.ts";
import { Brain } from "../../lib/src/brain.ts";
import { parseCard } from "../../lib/src/card.ts";
import type { MaskMap, Net, NetInput } from "../../lib/src/runtimes/net.ts";
import { resized, sizeFor, type SizesFile } from "../../lib/src/sizes.ts";

const SRC = join(import.meta.dirname, "../../../src/limner");

function shipped(name: string, format: "tflite" | "onnx" = "tflite"): Model {
  const folder = format === "tflite" ? "web/models/litert" : "models";
  const read = (end: string) => readFileSync(join(SRC, folder, name + end));
  const card = parseCard(read(".json").toString(), `${name}.json`);
  const weights = new Uint8Array(read(`.${format}`));
  const sizes = format === "tflite" ? (JSON.parse(read(".sizes.json").toString()) as SizesFile) : null;
  return { card, weights, files: new Map([[card.file, weights]]), format, sizes };
}

/** A net that remembers its inputs' lengths, and gives a map of its size. */
function net({ card }: Model, seen: number[]): Net {
  const [rows, columns] = card.input.size;
  return {
    runtime: "litert-wasm",
    threads: 1,
    device: null,
    dispose: () => void seen.push(-rows),
    run: async ({ values }: NetInput): Promise<MaskMap> => {
      seen.push(values!.length);
      return { rows, columns, values: new Float32Array(rows * columns), buffer: null, sound: true, inference: 0, readback: 0, release: () => undefined };
    },
  };
}

describe("sizes of a net", () => {
  it.each([
    [1280, 720, [144, 256]],
    [640, 400, [144, 256]],
    [720, 1280, [256, 144]],
    [640, 480, null],
    [600, 600, null],
    [480, 640, null],
  ])("of a .tflite for frames of %i × %i", (width, height, size) => expect(sizeFor(shipped("fast"), width, height)).toEqual(size));

  // As tests/segment/test_proportions.py has it.
  it.each([
    [1920, 1080, [192, 336]],
    [2560, 1080, [192, 336]],
    [640, 400, [208, 320]],
    [1500, 1000, [208, 320]],
    [640, 480, [224, 288]],
    [600, 500, null],
    [600, 600, null],
    [480, 640, null],
    [400, 600, null],
    [600, 1000, [336, 192]],
    [720, 1280, [336, 192]],
  ])("of a .onnx for frames of %i × %i", (width, height, size) => expect(sizeFor(shipped("fast", "onnx"), width, height)).toEqual(size));

  it("is the net's own where there are no others", () => {
    expect(sizeFor({ ...shipped("fast"), sizes: null }, 1280, 720)).toBeNull();
    expect(sizeFor(shipped("selfie", "onnx"), 1280, 720)).toBeNull();
  });

  it("changes numbers of the file, and nothing of the model that it is made of", async () => {
    const model = shipped("fast");
    const wide = await resized(model, model.sizes!.sizes[0]!.size);
    expect(wide.card.input.size).toEqual([144, 256]);
    expect(model.card.input.size).toEqual([256, 256]);
    expect(wide.weights.length).toBe(model.weights.length);
    const apart = wide.weights.filter((byte, at) => byte !== model.weights[at]).length;
    expect(apart).toBeGreaterThan(100);
    expect(apart).toBeLessThan(1000);
  });
});

describe("a brain", () => {
  it("opens the net at another size on the graphics device that it has", async () => {
    const device = {} as GPUDevice;
    const model = shipped("fast", "onnx");
    const asked: [readonly number[], GPUDevice | null][] = [];
    const brain = new Brain(model, { ...net(model, []), device }, async (sized, on) => (asked.push([sized.card.input.size, on]), { ...net(sized, []), device }));
    expect((await brain.seer(1280, 720)).net.device).toBe(device);
    expect(asked).toEqual([[[192, 336], device]]);
  });

  it("sees each frame by the net of its shape, and opens that once", async () => {
    const seen: number[] = [];
    const opened: (readonly number[])[] = [];
    const model = shipped("fast");
    const open = async (sized: Model) => (opened.push(sized.card.input.size), net(sized, seen));
    const brain = new Brain(model, net(model, seen), open);
    for (const [width, height] of [[640, 360], [640, 360], [640, 480], [360, 640]] as const) {
      const { size } = (await brain.seer(width, height)).model.card.input;
      const map = await brain.see(new Uint8Array(4 * size[0] * size[1]), null, width, height);
      expect([map.rows, map.columns]).toEqual(size);
    }
    expect(opened).toEqual([[144, 256], [256, 144]]);
    expect(seen).toEqual([3 * 144 * 256, 3 * 144 * 256, 3 * 256 * 256, 3 * 256 * 144]);
    brain.dispose();
    await new Promise((done) => setTimeout(done));
    expect(seen.slice(4).sort()).toEqual([-144, -256, -256]);
  });

  it("has its own size where another cannot be opened", async () => {
    const seen: number[] = [];
    const model = shipped("fast");
    const brain = new Brain(model, net(model, seen), async () => Promise.reject(new Error("no memory")));
    const { size } = (await brain.seer(640, 360)).model.card.input;
    expect(size).toEqual([256, 256]);
    const map = await brain.see(new Uint8Array(4 * 256 * 256), null, 640, 360);
    expect(map.rows).toBe(256);
  });
});
