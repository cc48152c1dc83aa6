// Runs a .tflite file in MediaPipe's image segmenter, which is told nothing but the file, and posts its masks.
import { FilesetResolver, ImageSegmenter } from "./lib/@mediapipe/tasks-vision/vision_bundle.mjs";

const here = (path) => new URL(path, location.href).href;

async function main() {
  const job = await (await fetch("job.json")).json();
  const started = performance.now();
  const segmenter = await ImageSegmenter.createFromOptions(
    await FilesetResolver.forVisionTasks(here("lib/@mediapipe/tasks-vision/wasm")),
    {
      baseOptions: { modelAssetPath: here(job.model), delegate: "CPU" },
      runningMode: "IMAGE",
      outputConfidenceMasks: true,
      outputCategoryMask: false,
    },
  );
  const load = performance.now() - started;
  const pixels = new Uint8ClampedArray(await (await fetch("input/0")).arrayBuffer());
  const result = segmenter.segment(new ImageData(pixels, job.width, job.height));
  const masks = result.confidenceMasks.map((mask) => mask.getAsFloat32Array());
  const meta = masks.map((_, number) => ({ name: String(number), dtype: "float32", shape: [job.height, job.width] }));
  await fetch("output/0", { method: "POST", headers: { "x-meta": JSON.stringify(meta) }, body: new Blob(masks) });
  await fetch("done", { method: "POST", body: JSON.stringify({ load_ms: load, labels: segmenter.getLabels() }) });
}

main().catch((error) => fetch("failed", { method: "POST", body: String(error?.message ?? error) }));
