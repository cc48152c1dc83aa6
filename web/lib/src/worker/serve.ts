/** A segmenter behind a port: in a worker, or in the page itself where workers cannot draw. */

import { LimnerWebError, type Look, type RendererName } from "../api.ts";
import type { Brain } from "../brain.ts";
import { changed } from "../look.ts";
import { Stream } from "../stream.ts";
import { pump } from "./frames.ts";
import { TrackGenerators } from "./generators.ts";
import type { FromWorker, Sink, ToWorker } from "./messages.ts";
import { measure, type Measured } from "./measure.ts";
import { openBrain } from "./open.ts";
import { openRenderer } from "./renderers.ts";

interface Port {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}

interface Served {
  stream: Stream;
  canvas: OffscreenCanvas;
  generation: number;
  writer: WritableStreamDefaultWriter<VideoFrame> | null;
  bitmaps: boolean;
  stop: (() => void) | null;
  clock: ReturnType<typeof setInterval> | null;
}

const TICK = 33;

/** @returns ends it: streams are closed and the net is put away. */
export function serve(port: Port): () => void {
  const server = new Server(port);
  port.addEventListener("message", (event) => server.take(event.data));
  return () => server.close();
}

class Server {
  private brain: Promise<Brain> = Promise.reject(new Error("not opened"));
  private renderer: RendererName | "auto" = "auto";
  private readonly streams = new Map<number, Promise<Served>>();
  private readonly generators = new TrackGenerators((message, transfer) => this.send(message, transfer));

  constructor(private readonly port: Port) {
    this.brain.catch(() => undefined);
  }

  take(message: ToWorker): void {
    if (message.type === "open") return void this.open(message.options);
    if (message.type === "measure") return this.answer(message.call, this.measure(message.frames, message.rounds));
    if (message.type === "attach") {
      this.streams.set(message.id, this.attach(message.id, message.canvas, message.look));
      return;
    }
    const found = this.streams.get(message.id);
    if (!found) return;
    found.then(
      (served) => this.tell(served, message),
      (error: unknown) => {
        if ("frame" in message) message.frame.close();
        if ("call" in message) this.send({ type: "answer", call: message.call, error: said(error) });
      },
    );
  }

  close(): void {
    for (const id of [...this.streams.keys()]) this.take({ type: "close", id });
    this.brain.then((brain) => brain.dispose()).catch(() => undefined);
  }

  private async open(options: Extract<ToWorker, { type: "open" }>["options"]): Promise<void> {
    try {
      this.renderer = options.renderer;
      const opening = openBrain(options, (progress) => this.send({ type: "progress", progress }));
      this.brain = opening.then(({ brain }) => brain);
      this.brain.catch(() => undefined); // told below
      const { brain, measured } = await opening;
      const { card } = brain.model;
      const trial = await openRenderer(this.renderer, new OffscreenCanvas(16, 16), brain.net);
      const info = {
        model: card.name,
        runtime: brain.net.runtime,
        renderer: trial.name,
        size: [card.input.size[1], card.input.size[0]] as const,
        threads: brain.net.threads,
        worker: options.worker,
        recurrent: brain.recurrent,
      };
      this.renderer = trial.name;
      trial.dispose();
      if (options.worker) this.generators.offer();
      this.send({ type: "opened", info, measured });
    } catch (error) {
      const code = error instanceof LimnerWebError ? error.code : "no-runtime";
      this.send({ type: "refused", code, message: said(error) });
    }
  }

  private async attach(id: number, given: OffscreenCanvas | null, look: Look): Promise<Served> {
    const canvas = given ?? new OffscreenCanvas(16, 16);
    const brain = await this.brain;
    let served: Served | null = null;
    const renew = async () => {
      // A lost context comes back by itself within seconds, or not at all; so does a device that can be asked for.
      const until = performance.now() + 10_000;
      for (;;) {
        try {
          await brain.revive();
          return await openRenderer(this.renderer, canvas, brain.net);
        } catch (error) {
          if (performance.now() > until) throw error;
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    };
    try {
      const renderer = await openRenderer(this.renderer, canvas, brain.net);
      const stream = new Stream(brain, renew, renderer, look, {
        state: (state, message) => this.send({ type: "state", id, generation: served?.generation ?? 0, state, message }),
        stats: (stats) => this.send({ type: "stats", id, stats }),
        wants: () => this.send({ type: "wants", id }),
        again: () => this.send({ type: "wants", id, again: true }),
        drawn: async (timestamp, generation) => {
          this.send({ type: "drawn", id, generation, timestamp });
          if (served?.bitmaps) {
            // What is taken from a canvas of the page's would be missing there.
            const bitmap = given ? await createImageBitmap(canvas) : canvas.transferToImageBitmap();
            this.send({ type: "bitmap", id, bitmap }, [bitmap]);
          }
          const writer = served?.writer;
          if (!writer) return;
          const frame = new VideoFrame(canvas, { timestamp, alpha: stream.look.effect === "transparent" ? "keep" : "discard" });
          try {
            await writer.ready;
            await writer.write(frame);
          } catch {
            frame.close(); // the track was stopped
            this.take({ type: "close", id });
          }
        },
      });
      served = { stream, canvas, generation: 0, writer: null, bitmaps: false, stop: null, clock: null };
      return served;
    } catch (error) {
      this.send({ type: "state", id, generation: Infinity, state: "failed", message: said(error) }); // whatever was shown meanwhile
      throw error;
    }
  }

  private async measure(frames: readonly ImageBitmap[], rounds: number): Promise<Measured> {
    const brain = await this.brain;
    const renderer = await openRenderer(this.renderer, new OffscreenCanvas(16, 16), brain.net);
    try {
      return await measure(brain, renderer, frames, rounds);
    } finally {
      renderer.dispose();
    }
  }

  private tell(served: Served, message: Exclude<ToWorker, { type: "open" | "attach" | "measure" }>): void {
    const { stream } = served;
    switch (message.type) {
      case "begin":
        served.stop?.();
        served.stop = null;
        served.generation = message.generation;
        stream.begin(message.generation);
        break;
      case "track":
        served.stop = pump(message.readable, {
          frame: (frame) => stream.push({ frame, generation: message.generation }),
          end: () => this.ended(message.id, served, message.generation),
        });
        break;
      case "frame":
        stream.push(message);
        break;
      case "sink":
        this.sink(served, message.to);
        break;
      case "clock":
        if (served.clock !== null) clearInterval(served.clock);
        served.clock = message.on ? setInterval(() => this.send({ type: "tick", id: message.id }), TICK) : null;
        break;
      case "look":
        stream.update(changed(stream.look, message.look));
        break;
      case "snapshot":
        this.answer(message.call, stream.pictured(() => served.canvas.convertToBlob({ type: message.mime, quality: 0.95 })));
        break;
      case "matte":
        this.answer(message.call, stream.matte());
        break;
      case "close":
        served.stop?.();
        if (served.clock !== null) clearInterval(served.clock);
        stream.close();
        served.writer?.close().catch(() => undefined);
        this.streams.delete(message.id);
    }
  }

  private sink(served: Served, to: Sink): void {
    served.bitmaps = to === "bitmaps";
    if (to && to !== "bitmaps") served.writer = ("generator" in to ? this.generators.take(to.generator) : to).getWriter();
  }

  private ended(id: number, served: Served, generation: number): void {
    if (served.generation !== generation) return;
    this.send({ type: "ended", id, generation });
    served.writer?.close().catch(() => undefined);
    served.writer = null;
  }

  private answer(call: number, value: Promise<unknown>): void {
    value.then(
      (done) => this.send({ type: "answer", call, value: done }),
      (error: unknown) => this.send({ type: "answer", call, error: said(error) }),
    );
  }

  private send(message: FromWorker, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
