/** The page's side: opens the worker, and gives views and tracks that are drawn there. */

import {
  DEFAULT_LOOK,
  LimnerWebError,
  RENDERERS,
  RUNTIMES,
  type Look,
  type ProcessedTrack,
  type RuntimeName,
  type Segmenter,
  type SegmenterInfo,
  type SegmenterOptions,
  type View,
  type ViewEvents,
} from "./api.ts";
import { changed } from "./look.ts";
import { processed } from "./page/track.ts";
import { Link } from "./page/link.ts";
import { CanvasView } from "./page/view.ts";
import type { OpenOptions } from "./worker/messages.ts";

const REMEMBERED = "limner-runtime-1";

/**
 * Load a net and what runs it.
 *
 * @throws LimnerWebError: the model cannot be had or used, nothing here runs it, or an option is wrong.
 */
export async function createSegmenter(options: SegmenterOptions = {}): Promise<Segmenter> {
  check(options);
  const model = options.model ?? "fast";
  const name = typeof model === "string" || model instanceof URL ? String(model) : null;
  const isolated = globalThis.crossOriginIsolated === true;
  const opening: OpenOptions = {
    model: name ?? (model as Exclude<typeof model, string | URL>),
    runtime: options.runtime ?? "auto",
    renderer: options.renderer ?? "auto",
    assets: folder(options.assets ?? new URL(/* @vite-ignore */ "./assets/", import.meta.url)),
    threads: options.threads ?? (isolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency ?? 1)) : 1),
    worker: options.worker !== false && canWork(),
    remembered: name ? recall(name) : null,
  };
  const link = await Link.open(opening.worker);
  try {
    const { info, measured } = await link.start(opening, options.onProgress ?? (() => undefined));
    if (name && measured) remember(name, measured);
    return new Opened(link, info);
  } catch (error) {
    link.close();
    throw error;
  }
}

class Opened implements Segmenter {
  constructor(
    private readonly link: Link,
    readonly info: SegmenterInfo,
  ) {}

  attach(canvas: HTMLCanvasElement, look: Partial<Look> = {}, events: ViewEvents = {}): View {
    return new CanvasView(this.link, canvas, changed({ ...DEFAULT_LOOK }, look), events);
  }

  processTrack(track: MediaStreamTrack, look: Partial<Look> = {}): ProcessedTrack {
    return processed(this.link, track, changed({ ...DEFAULT_LOOK }, look));
  }

  close(): void {
    this.link.close();
  }
}

function check({ runtime, renderer, threads }: SegmenterOptions): void {
  const bad = (message: string) => new LimnerWebError("bad-option", message);
  if (runtime && runtime !== "auto" && !RUNTIMES.includes(runtime)) throw bad(`runtime is ${String(runtime)}; it can be auto, ${RUNTIMES.join(", ")}`);
  if (renderer && renderer !== "auto" && !RENDERERS.includes(renderer)) throw bad(`renderer is ${String(renderer)}; it can be auto, ${RENDERERS.join(", ")}`);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64)) throw bad(`threads must be a whole number from 1 to 64, not ${String(threads)}`);
}

function folder(address: string | URL): string {
  const url = new URL(address, document.baseURI);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}

/** Whether a worker can draw here. */
function canWork(): boolean {
  return typeof Worker === "function" && typeof OffscreenCanvas === "function" && "transferControlToOffscreen" in HTMLCanvasElement.prototype;
}

function recall(model: string): RuntimeName | null {
  try {
    const found = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") as Record<string, { agent: string; runtime: RuntimeName }>;
    return found[model]?.agent === navigator.userAgent ? found[model].runtime : null;
  } catch {
    return null;
  }
}

function remember(model: string, runtime: RuntimeName): void {
  try {
    const found = JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") as Record<string, unknown>;
    localStorage.setItem(REMEMBERED, JSON.stringify({ ...found, [model]: { agent: navigator.userAgent, runtime } }));
  } catch {
    // private windows keep nothing: it is measured again
  }
}
