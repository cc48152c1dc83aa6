/** Whole pipelines over one scripted camera: what they do, not how fast, since all of them draw with an emulated graphics device. */

import { VirtualBackgroundProcessor as Shiguredo } from "@shiguredo/virtual-background";
import { VirtualBackground as Stream } from "@stream-io/video-filters-web";
import { VirtualBackgroundProcessor as Twilio } from "@twilio/video-processors";
import { BackgroundProcessor as Livekit } from "@livekit/track-processors";
import { createSegmenter } from "../../web/lib/src/index.ts";

type Start = (camera: MediaStreamVideoTrack, background: HTMLImageElement) => Promise<{ track: MediaStreamTrack; stop(): void }>;

/** Each replaces the background by one picture, all of one colour. */
const PIPELINES: Record<string, Start> = {
  async limner(camera, background) {
    const segmenter = await createSegmenter({ assets: "/", runtime: "litert-wasm" });
    const track = segmenter.processTrack(camera, { effect: "replace", background: await createImageBitmap(background), lightWrap: 0 });
    return { track, stop: () => segmenter.close() };
  },
  async twilio(camera, background) {
    const processor = new Twilio({ assetsPath: "/twilio/", backgroundImage: background });
    await processor.loadModel();
    // It is made for Twilio's own tracks, which hand it VideoFrames and a canvas; this is what they do.
    const canvas = document.createElement("canvas");
    const reader = new MediaStreamTrackProcessor({ track: camera }).readable.getReader();
    let going = true;
    void (async () => {
      for (let part = await reader.read(); !part.done && going; part = await reader.read()) {
        [canvas.width, canvas.height] = [part.value.displayWidth, part.value.displayHeight];
        await processor.processFrame(part.value, canvas);
        part.value.close();
      }
    })();
    canvas.getContext("bitmaprenderer");
    return { track: canvas.captureStream().getVideoTracks()[0]!, stop: () => void (going = false) };
  },
  async shiguredo(camera, background) {
    const processor = new Shiguredo("/shiguredo");
    const track = await processor.startProcessing(camera, { backgroundImage: background, segmentationModel: "selfie-general" });
    return { track, stop: () => processor.stopProcessing() };
  },
  async "stream-io"(camera, background) {
    const processor = new Stream(camera, { basePath: "/stream/mediapipe", backgroundFilter: "image", backgroundImage: background.src });
    return { track: await processor.start(), stop: () => processor.stop() };
  },
  async livekit(camera, background) {
    const assetPaths = { tasksVisionFileSet: "/livekit", modelAssetPath: "/peers/selfie_segmenter.tflite" };
    const processor = Livekit({ mode: "virtual-background", imagePath: background.src, assetPaths, segmenterOptions: { delegate: "CPU" } });
    const element = Object.assign(document.createElement("video"), { muted: true });
    await processor.init({ kind: "video" as never, track: camera, element });
    // Its second frame waits until the first is seen in the element that shows the call.
    element.srcObject = new MediaStream([processor.processedTrack!]);
    void element.play();
    return { track: processor.processedTrack!, stop: () => void processor.destroy() };
  },
};

export interface Seen {
  error?: string;
  /** Seconds from the call to the first frame. */
  first?: number;
  frames?: number;
  /** Frames that show the room as it is: all of them, and of those before the first good one. */
  raw?: number;
  rawFirst?: boolean;
  /** Whether the output took the camera's new size, and ended with the camera. */
  resized?: boolean;
  ended?: boolean;
}

const COLOR = [255, 0, 255];
const SIZES = [
  [640, 360],
  [360, 640],
] as const;

/** A camera that shows a clip's frames; sideways after some seconds, as a turned phone's. */
class Camera {
  readonly canvas = Object.assign(document.createElement("canvas"), { width: SIZES[0][0], height: SIZES[0][1] });
  readonly track = this.canvas.captureStream(0).getVideoTracks()[0] as MediaStreamVideoTrack & { requestFrame(): void };
  private readonly context = this.canvas.getContext("2d")!;
  private readonly timer: number;
  private index = 0;

  constructor(private readonly frames: readonly ImageBitmap[]) {
    this.timer = window.setInterval(() => this.show(), 100);
  }

  turn(): void {
    [this.canvas.width, this.canvas.height] = SIZES[1];
  }

  stop(): void {
    clearInterval(this.timer);
    this.track.stop();
    this.track.dispatchEvent(new Event("ended")); // as a camera that is pulled out; stop() alone tells nobody
  }

  private show(): void {
    const frame = this.frames[this.index++ % this.frames.length]!;
    const { width, height } = this.canvas;
    // The middle of a frame on its side.
    const share = width / height < 1 ? (frame.height * width) / height : frame.width;
    this.context.drawImage(frame, (frame.width - share) / 2, 0, share, frame.height, 0, 0, width, height);
    this.track.requestFrame();
  }
}

/** How much of the upper corners, where nobody is, has the background's colour. */
function covered(frame: VideoFrame, context: OffscreenCanvasRenderingContext2D): number {
  context.drawImage(frame, 0, 0, 64, 36);
  let good = 0;
  for (const x of [0, 58]) {
    const { data } = context.getImageData(x, 0, 6, 6);
    for (let at = 0; at < data.length; at += 4) if (COLOR.every((value, channel) => Math.abs(data[at + channel]! - value) < 60)) good++;
  }
  return good / 72;
}

async function watch(name: string, clip: string, count: number, patience: number): Promise<Seen> {
  const frames = await Promise.all(Array.from({ length: count }, async (_, index) => createImageBitmap(await (await fetch(`/${clip}/${index}.png`)).blob())));
  const sheet = new OffscreenCanvas(4, 4);
  const paint = sheet.getContext("2d")!;
  paint.fillStyle = `rgb(${COLOR.join()})`;
  paint.fillRect(0, 0, 4, 4);
  const background = new Image();
  background.src = URL.createObjectURL(await sheet.convertToBlob());
  await background.decode();
  const camera = new Camera(frames);
  const context = new OffscreenCanvas(64, 36).getContext("2d", { willReadFrequently: true })!;
  const seen: Seen = { frames: 0, raw: 0, rawFirst: false, resized: false, ended: false };
  const start = performance.now();
  try {
    const { track, stop } = await PIPELINES[name]!(camera.track, background);
    const reader = new MediaStreamTrackProcessor({ track: track as MediaStreamVideoTrack }).readable.getReader();
    track.addEventListener("ended", () => (seen.ended = true));
    let good = false;
    const reading = (async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const { displayWidth, displayHeight } = part.value;
        // A canvas that nothing has been drawn to shows frames of nothing; they are neither good nor raw.
        seen.first ??= (performance.now() - start) / 1000;
        seen.frames!++;
        const share = covered(part.value, context);
        const dark = blank(context);
        part.value.close();
        if (share > 0.5) good = true;
        else if (!dark) {
          seen.raw!++;
          if (!good) seen.rawFirst = true;
        }
        if (good && displayWidth / displayHeight < 1) seen.resized = true;
      }
      seen.ended = true;
    })();
    await until(() => good, patience);
    if (!good) seen.error = "no frame with the background replaced";
    camera.turn();
    await until(() => seen.resized === true, patience / 2);
    camera.stop();
    await until(() => seen.ended === true || track.readyState === "ended", 3);
    seen.ended ||= track.readyState === "ended";
    stop();
    void reader.cancel();
    await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, 500))]);
  } catch (error) {
    seen.error = error instanceof Error ? error.message : String(error);
  }
  return seen;
}

function blank(context: OffscreenCanvasRenderingContext2D): boolean {
  const { data } = context.getImageData(0, 0, 64, 36);
  const first = data.subarray(0, 4);
  for (let at = 0; at < data.length; at += 4) for (let channel = 0; channel < 4; channel++) if (Math.abs(data[at + channel]! - first[channel]!) > 4) return false;
  return true;
}

async function until(there: () => boolean, seconds: number): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!there() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}

Object.assign(globalThis, { bench: { watch } });
