/** What the page and the worker tell each other. */

import type { LimnerWebError, Look, ModelFiles, Progress, RendererName, RuntimeName, SegmenterInfo, Stats, ViewState } from "../api.ts";

export interface OpenOptions {
  model: string | ModelFiles;
  runtime: RuntimeName | "auto";
  /** See `RuntimeOptions`. */
  variant?: { packed?: boolean; half?: boolean };
  /** Side of a square input in place of the net's own size, for measuring. */
  side?: number;
  renderer: RendererName | "auto";
  assets: string;
  threads: number;
  worker: boolean;
  /** What an earlier page measured here: the runtime that was fastest. */
  remembered: RuntimeName | null;
}

/** Where finished frames go besides the canvas: into a track, the page's or one that the worker has offered by number; to the page, one bitmap each; or nowhere. */
export type Sink = WritableStream<VideoFrame> | { generator: number } | "bitmaps" | null;

export type ToWorker =
  | { type: "open"; options: OpenOptions }
  | { type: "measure"; call: number; frames: ImageBitmap[]; rounds: number }
  | { type: "attach"; id: number; canvas: OffscreenCanvas | null; look: Look }
  /** Frames come by themselves from a track … */
  | { type: "track"; id: number; generation: number; readable: ReadableStream<VideoFrame> }
  /** … or one by one, when the stream wants them. */
  | { type: "frame"; id: number; generation: number; frame: VideoFrame | ImageBitmap }
  | { type: "begin"; id: number; generation: number }
  | { type: "sink"; id: number; to: Sink }
  /** Tick 30 times a second for a hidden page, whose own timers sleep. */
  | { type: "clock"; id: number; on: boolean }
  | { type: "look"; id: number; look: Partial<Look> }
  | { type: "snapshot"; id: number; call: number; mime: string }
  | { type: "matte"; id: number; call: number }
  | { type: "close"; id: number };

export type FromWorker =
  | { type: "opened"; info: SegmenterInfo; measured: RuntimeName | null }
  | { type: "refused"; code: LimnerWebError["code"]; message: string }
  | { type: "progress"; progress: Progress }
  | { type: "state"; id: number; generation: number; state: ViewState; message?: string }
  | { type: "stats"; id: number; stats: Stats }
  /** The stream can take another frame; `again`: also where the source stands still. */
  | { type: "wants"; id: number; again?: boolean }
  | { type: "tick"; id: number }
  | { type: "drawn"; id: number; generation: number; timestamp: number }
  | { type: "ended"; id: number; generation: number }
  /** A track that the worker can write, for whoever needs one next. */
  | { type: "generator"; number: number; track: MediaStreamTrack }
  | { type: "bitmap"; id: number; bitmap: ImageBitmap }
  | { type: "answer"; call: number; value?: unknown; error?: string };
