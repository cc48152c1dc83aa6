import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { crc32, Zip } from "../../page/src/zip.ts";

it("computes the check value of CRC-32", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

it("writes archives that others read", async () => {
  const zip = new Zip();
  const contents: Record<string, string> = { "00000-0ms.png": "first", "00001-33ms.png": "", "ünï.png": "x".repeat(70_000) };
  for (const [name, content] of Object.entries(contents)) await zip.add(name, new Blob([content]));
  const folder = mkdtempSync(join(tmpdir(), "limner-zip-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "pictures.zip");
  writeFileSync(path, new Uint8Array(await zip.finish().arrayBuffer()));
  const read = "import json,sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))";
  expect(JSON.parse(execFileSync("python3", ["-c", read, path], { encoding: "utf8" }))).toEqual(contents);
});
