/** What callers of limner-web see: options, looks, sources, statistics. Types only. */

export const EFFECTS = ["none", "blur", "replace", "color", "transparent", "mask"] as const;
export type EffectName = (typeof EFFECTS)[number];

/** What is drawn. Every field may change at any time; a change shows in the next frame, or at once where the picture stands still. */
export interface Look {
  effect: EffectName;
  /** Strength of the blur, 0 (none) to 1; relative to the picture, so that a preview looks like the full size. */
  blur: number;
  /** Background of the effect "color", as CSS writes it: #rrggbb. */
  color: string;
  /** Picture behind the person for "replace"; fills the frame, cropped to its proportions. Null shows plain grey. */
  background: ImageBitmap | null;
  /** Probability at which the edge lies, 0.05 to 0.95. */
  threshold: number;
  /** Half the distance between the threshold at which a pixel becomes person and the one at which it stops being one; 0 to 0.3. */
  hysteresis: number;
  /** Width of the edge, 0 (hard) to 1 (as soft as the net says). */
  softness: number;
  /** How strongly masks are averaged over time where nothing moves, 0 (not at all) to 1. */
  steadiness: number;
  /** How much light of a new background falls on the person's edge, 0 to 1. */
  lightWrap: number;
  mirror: boolean;
}

export const DEFAULT_LOOK: Readonly<Look> = {
  effect: "blur",
  blur: 0.5,
  color: "#ff00ff",
  background: null,
  threshold: 0.5,
  hysteresis: 0.05,
  softness: 0.6,
  steadiness: 0.6,
  lightWrap: 0.3,
  mirror: false,
};

/** Library that runs the net, and where it does so. */
export const RUNTIMES = ["ort-webgpu", "ort-wasm", "litert-webgpu", "litert-wasm", "tfjs-webgl", "tfjs-wasm"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

/** What prepares the net's input and draws the picture. */
export const RENDERERS = ["webgpu", "webgl2", "canvas"] as const;
export type RendererName = (typeof RENDERERS)[number];

/** Files of a model that are at hand, as dropped on a page: the weights and the card (JSON). */
export interface ModelFiles {
  card: Blob;
  /** `.onnx`, `.tflite`, or a TensorFlow.js `model.json` with its weight files, by name. */
  files: ReadonlyMap<string, Blob>;
}

export interface Progress {
  /** What is being loaded: "runtime" or "model". */
  what: "runtime" | "model";
  /** Bytes so far, and in all; 0 where that is not known. */
  loaded: number;
  total: number;
}

export interface SegmenterOptions {
  /** Name of a model below `assets`/models, an address of a card, or files. Default "fast". */
  model?: string | URL | ModelFiles;
  /** "auto" measures what is there once and remembers it. Default "auto". */
  runtime?: RuntimeName | "auto";
  /** "auto" takes WebGPU where it runs on hardware, else WebGL 2, else a plain canvas. Default "auto". */
  renderer?: RendererName | "auto";
  /** Folder with runtimes/ and models/, on your own origin. Default: beside this module. */
  assets?: string | URL;
  /** Threads for wasm. Default: up to 4 where the page is cross-origin isolated, else 1. */
  threads?: number;
  /** Run in a worker where the browser can. Default true. */
  worker?: boolean;
  onProgress?: (progress: Progress) => void;
}

export interface SegmenterInfo {
  model: string;
  runtime: RuntimeName;
  renderer: RendererName;
  /** Width and height of the net's input; wide and tall frames may be seen at another size (`Stats.input`). */
  size: readonly [number, number];
  threads: number;
  worker: boolean;
  /** Whether the net takes the mask before. */
  recurrent: boolean;
}

/** Means over the last 20 frames; milliseconds but for `fps`. */
export interface Stats {
  /** Frames drawn a second. */
  fps: number;
  /** Frames that came while another was waiting, and were passed over, in all. */
  dropped: number;
  /** Frames drawn in all. */
  frames: number;
  upload: number;
  /** On a graphics device: until all is done that it was given so far, which may be the drawing of the frame before as well. */
  inference: number;
  readback: number;
  draw: number;
  /** From the frame's arrival to the end of its drawing. */
  latency: number;
  width: number;
  height: number;
  /** Width and height at which the net saw the last frame. */
  input: readonly [number, number];
}

export type ViewState =
  | "idle" // no source
  | "waiting" // a source, no mask yet: nothing is shown
  | "running"
  | "paused"
  | "ended" // the camera is gone, the track or the video is over
  | "failed"; // see the event's message; nothing is shown

export interface ViewEvents {
  onStats?: (stats: Stats) => void;
  onState?: (state: ViewState, message?: string) => void;
}

export type Source = MediaStreamTrack | HTMLVideoElement | ImageBitmap;

/** One picture, from one source at a time, drawn into one canvas. */
export interface View {
  readonly canvas: HTMLCanvasElement;
  readonly state: ViewState;
  /** Show another source, or none. Resolves when its first masked frame is drawn. The old source's picture is wiped at once. */
  show(source: Source | null): Promise<void>;
  update(look: Partial<Look>): void;
  /** The picture as drawn, at the source's size; with alpha for "transparent". */
  snapshot(type?: "image/png" | "image/webp" | "image/jpeg"): Promise<Blob>;
  /** A video track of the picture as drawn, for recordings; it is the caller's to stop. Null where there is no picture. */
  track(): MediaStreamTrack | null;
  /** The matte last drawn, 0 to 255, one byte a pixel, at the source's size. */
  matte(): Promise<{ width: number; height: number; data: Uint8Array }>;
  close(): void;
}

/** A track for any WebRTC call, with what it can be told. */
export interface ProcessedTrack extends MediaStreamTrack {
  update(look: Partial<Look>): void;
  onStats: ((stats: Stats) => void) | null;
  onState: ((state: ViewState, message?: string) => void) | null;
}

export interface Segmenter {
  readonly info: SegmenterInfo;
  /** Draw into a canvas of the page. The canvas must not have a context yet, and belongs to the view from then on. */
  attach(canvas: HTMLCanvasElement, look?: Partial<Look>, events?: ViewEvents): View;
  /** A new video track with the effect. It ends when the camera's track ends or it is stopped itself; the camera's track goes on. */
  processTrack(track: MediaStreamTrack, look?: Partial<Look>): ProcessedTrack;
  close(): void;
}

/** Anything a caller can mend. `code` is stable, `message` one sentence with the remedy. */
export class LimnerWebError extends Error {
  constructor(
    readonly code:
      | "no-model" // the card or the weights cannot be had
      | "bad-model" // … or cannot be used
      | "no-runtime" // the runtime cannot be had or started here
      | "no-renderer"
      | "bad-option"
      | "lost", // the graphics device or the worker is gone for good
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "LimnerWebError";
  }
}
