/** limner-web: the background of a camera, a video or a photo blurred, replaced or cut out, in the browser and nowhere else. */

export * from "./api.ts";
export { benchmark, clipFrames, planned, type BenchOptions, type BenchPlan, type BenchRow } from "./bench.ts";
export { createSegmenter } from "./segmenter.ts";
