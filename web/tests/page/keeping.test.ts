import { describe, expect, it } from "vitest";
import { cachesToDelete, keptOf, LARGEST, placeOf, type BuiltFile } from "../../page/src/worker/keeping.ts";

const file = (path: string, hash = "a", bytes = 10): BuiltFile => ({ path, bytes, hash });
const same = (text: string): string => text;
const BUILT = [file("index.html"), file("assets/index-AAAAAAAA.js"), file("assets/clip-BBBBBBBB.mp4", "c", LARGEST + 1), file("runtimes/ort/ort.wasm", "d", 1e7), file("sw.js"), file("models/fast.json"), file("assets/index.js.map"), file("index.html.gz"), file(".hidden/x")];

describe("keptOf", () => {
  it("keeps the shell, but large files only when they are used, and neither runtimes nor models nor itself", () => {
    expect(keptOf(BUILT, same).files).toEqual(["assets/index-AAAAAAAA.js", "index.html"]);
  });

  it("is another version where any file of the shell changes, a large one too, and only then", () => {
    const version = (over: BuiltFile[]): string => keptOf(over, same).version;
    const first = version(BUILT);
    expect(version([...BUILT].reverse())).toBe(first);
    for (const path of ["index.html", "assets/clip-BBBBBBBB.mp4"]) expect(version(BUILT.map((one) => (one.path === path ? { ...one, hash: "z" } : one)))).not.toBe(first);
    for (const path of ["sw.js", "models/fast.json", "runtimes/ort/ort.wasm"]) expect(version(BUILT.map((one) => (one.path === path ? { ...one, hash: "z" } : one)))).toBe(first);
  });

  it("renews the runtimes with any of their files", () => {
    const changed = BUILT.map((one) => (one.path.startsWith("runtimes/") ? { ...one, hash: "z" } : one));
    expect(keptOf(changed, same).runtimes).not.toBe(keptOf(BUILT, same).runtimes);
  });
});

describe("placeOf", () => {
  const SCOPE = "http://localhost:8765/limner/";
  it.each([
    ["", true, "shell"],
    ["?bench=1", true, "shell"],
    ["index.html", true, "shell"],
    ["elsewhere", true, null],
    ["assets/index-AAAAAAAA.js", false, "shell"],
    ["manifest.webmanifest", false, "shell"],
    ["runtimes/ort/ort.wasm", false, "runtimes"],
    ["models/index.json", false, "cards"],
    ["models/own/mine.onnx.json?x", false, "cards"],
    ["models/fast.onnx", false, null],
    ["sw.js", false, null],
  ])("%j (navigates: %s) is kept as %j", (path, navigates, place) => {
    expect(placeOf(SCOPE + path, SCOPE, navigates)).toBe(place);
  });

  it("leaves other addresses alone", () => {
    expect(placeOf("http://localhost:8765/other.js", SCOPE, false)).toBeNull();
    expect(placeOf("https://example.org/limner/", SCOPE, true)).toBeNull();
  });
});

it("deletes what earlier versions left, and nothing of others", () => {
  const names = ["limner-shell-1", "limner-shell-2", "limner-runtimes-1", "limner-cards", "limner-models-1", "another-app"];
  expect(cachesToDelete(names, ["limner-shell-2", "limner-runtimes-1", "limner-cards"])).toEqual(["limner-shell-1"]);
});
