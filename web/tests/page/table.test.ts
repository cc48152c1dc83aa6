import { describe, expect, it } from "vitest";
import type { BenchRow } from "limner-web";
import { sorted, toCsv, toJson, toMarkdown } from "../../page/src/bench/table.ts";

const row = (over: Partial<BenchRow>): BenchRow => ({ runtime: "ort-wasm", model: "fast", precision: "float32", width: 256, height: 256, upload: 1, inference: 10, readback: 2, total: 14, fps: 71.4, ...over });
const ROWS = [row({}), row({ runtime: "ort-webgpu", inference: 3, readback: 1, total: 6, fps: 160 }), row({ runtime: "tfjs-webgl", error: "no WebGL | here,\nat all", inference: 0, readback: 0 })];

describe("sorted", () => {
  const names = (rows: BenchRow[]) => rows.map(({ runtime }) => runtime);
  it("compares inference with its read-back, and puts failures last either way", () => {
    expect(names(sorted(ROWS, "net", false))).toEqual(["ort-webgpu", "ort-wasm", "tfjs-webgl"]);
    expect(names(sorted(ROWS, "net", true))).toEqual(["ort-wasm", "ort-webgpu", "tfjs-webgl"]);
  });

  it("compares sizes by area and text by letters, and leaves the rows alone", () => {
    const rows = [row({ width: 513, height: 513, model: "b" }), row({ width: 144, height: 256, model: "c" }), row({ model: "a" })];
    expect(sorted(rows, "size", false).map(({ width }) => width)).toEqual([144, 256, 513]);
    expect(sorted(rows, "model", false).map(({ model }) => model)).toEqual(["a", "b", "c"]);
    expect(rows.map(({ model }) => model)).toEqual(["b", "c", "a"]);
  });
});

describe("exports", () => {
  it("writes CSV with quotes where they are needed, and no figures for failures", () => {
    const [head, first, , failed, ...rest] = toCsv(ROWS).split("\r\n");
    expect(head).toBe("runtime,model,precision,width,height,upload_ms,inference_ms,readback_ms,inference_readback_ms,total_ms,fps,error");
    expect(first).toBe("ort-wasm,fast,float32,256,256,1.00,10.00,2.00,12.00,14.00,71.40,");
    expect(failed + rest.join("")).toBe('tfjs-webgl,fast,float32,256,256,,,,,,,"no WebGL | here,\nat all"');
  });

  it("lets no spreadsheet run a name as a formula", () => {
    expect(toCsv([row({ model: "=1+1" })])).toContain(",'=1+1,");
  });

  it("writes a Markdown table whose cells stay cells", () => {
    const lines = toMarkdown(ROWS).trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[2]).toBe("| ort-wasm | fast | float32 | 256 × 256 | 1.0 | 12.0 | 14.0 | 71.4 |");
    expect(lines[4]).toBe("| tfjs-webgl | fast | float32 | 256 × 256 |  | no WebGL \\| here, at all |  |  |");
  });

  it("writes JSON with the machine", () => {
    expect(JSON.parse(toJson(ROWS, { cores: 2 }))).toEqual({ schema: 1, machine: { cores: 2 }, rows: ROWS });
  });
});
