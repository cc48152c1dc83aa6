import { describe, expect, it } from "vitest";
import { fileName, planRecording } from "../../page/src/record_formats.ts";

const takes = (...types: string[]) => (mime: string) => types.some((type) => mime.startsWith(type));

describe("planRecording", () => {
  it.each([
    ["VP9 first", "blur", takes("video/webm", "video/mp4"), "video/webm;codecs=vp9", "webm"],
    ["VP8 where there is no VP9", "blur", takes("video/webm;codecs=vp8", "video/mp4"), "video/webm;codecs=vp8", "webm"],
    ["MP4 where there is no WebM", "mask", takes("video/mp4"), "video/mp4;codecs=avc1.640028", "mp4"],
  ] as const)("%s", (_, effect, supported, mime, suffix) => {
    expect(planRecording(effect, "auto", supported, true)).toEqual({ how: "video", mime, suffix });
  });

  it("keeps transparency in WebM where the browser does", () => {
    expect(planRecording("transparent", "auto", takes("video/webm"), true)).toMatchObject({ how: "video", suffix: "webm" });
  });

  it.each([
    ["videos lose it", takes("video/webm", "video/mp4"), false],
    ["only MP4 is there", takes("video/mp4"), true],
  ] as const)("makes pictures for transparency where %s", (_, supported, alpha) => {
    expect(planRecording("transparent", "auto", supported, alpha)).toEqual({ how: "pictures" });
  });

  it("makes pictures where that was wished, or nothing else can be", () => {
    expect(planRecording("blur", "png", takes("video/webm"), true)).toEqual({ how: "pictures" });
    expect(planRecording("blur", "auto", () => false, true)).toEqual({ how: "pictures" });
  });
});

it("names files by time, in the machine's own clock", () => {
  expect(fileName(new Date(2026, 0, 2, 3, 4, 5), "png")).toBe("limner-2026-01-02-03.04.05.png");
});
