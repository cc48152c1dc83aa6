import { describe, expect, it } from "vitest";
import { DEFAULT_LOOK, type Look } from "../../lib/src/api.ts";
import { changed, cover, look } from "../../lib/src/look.ts";

class Bitmap {}
globalThis.ImageBitmap ??= Bitmap as unknown as typeof ImageBitmap;

describe("changed", () => {
  it("changes what is given, and nothing else", () => {
    expect(changed({ ...DEFAULT_LOOK }, { effect: "color", color: "#00ff00" })).toEqual({ ...DEFAULT_LOOK, effect: "color", color: "#00ff00" });
  });

  it.each([
    [{ effect: "sparkle" }, /effect is sparkle; it can be none, blur/],
    [{ blur: 2 }, /blur must be a number from 0 to 1, not 2/],
    [{ threshold: 0 }, /threshold must be a number from 0.05 to 0.95/],
    [{ softness: NaN }, /softness must be/],
    [{ color: "red" }, /color must be #rrggbb, not red/],
    [{ background: "beach.jpg" }, /ImageBitmap/],
    [{ brightness: 1 }, /no option brightness/],
  ])("refuses %j", (changes, message) => {
    expect(() => changed({ ...DEFAULT_LOOK }, changes as unknown as Partial<Look>)).toThrow(message);
  });
});

describe("look", () => {
  it("gives colours and steepness to shaders", () => {
    expect(look({ ...DEFAULT_LOOK, color: "#ff8000", softness: 0.5, steadiness: 0 })).toEqual({ color: [1, 128 / 255, 0], steepness: 2, least: 1 });
    expect(look({ ...DEFAULT_LOOK, softness: 0 }).steepness).toBe(1);
  });
});

describe("cover", () => {
  it.each([
    [200, 100, 100, 100, [0.5, 1]],
    [100, 200, 100, 100, [1, 0.5]],
    [160, 90, 1280, 720, [1, 1]],
  ])("a picture of %i × %i in a frame of %i × %i", (width, height, frameWidth, frameHeight, expected) => {
    expect(cover(width, height, frameWidth, frameHeight)).toEqual(expected);
  });
});
