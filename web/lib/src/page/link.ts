/** The page's end of the line to the worker. */

import { LimnerWebError, type Progress, type RuntimeName, type SegmenterInfo } from "../api.ts";
import type { FromWorker, OpenOptions, ToWorker } from "../worker/messages.ts";

type Listener = (message: FromWorker & { id: number }) => void;

interface End {
  postMessage(message: ToWorker, transfer?: Transferable[]): void;
}

export class Link {
  private readonly listeners = new Map<number, Listener>();
  private readonly calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  private opening: { resolve: (value: { info: SegmenterInfo; measured: RuntimeName | null }) => void; reject: (error: Error) => void; progress: (progress: Progress) => void } | null = null;
  private readonly spares: { number: number; track: MediaStreamTrack }[] = [];
  private numbers = 0;
  private lost: LimnerWebError | null = null;

  private constructor(
    private readonly end: End,
    private readonly stop: () => void,
  ) {}

  static async open(inWorker: boolean): Promise<Link> {
    if (!inWorker) {
      const { serve } = await import("../worker/serve.ts");
      const channel = new MessageChannel();
      const end = serve(channel.port2 as unknown as Parameters<typeof serve>[0]);
      channel.port2.start();
      const link = new Link(channel.port1, () => {
        end();
        channel.port1.close();
        channel.port2.close();
      });
      channel.port1.onmessage = (event: MessageEvent<FromWorker>) => link.take(event.data);
      return link;
    }
    const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "limner" });
    const link = new Link(worker, () => worker.terminate());
    worker.onmessage = (event: MessageEvent<FromWorker>) => link.take(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      link.die(event.message ? `the worker failed: ${event.message}` : "the worker's script cannot be loaded: is all of Limner on this server?");
    };
    return link;
  }

  start(options: OpenOptions, progress: (progress: Progress) => void): Promise<{ info: SegmenterInfo; measured: RuntimeName | null }> {
    return new Promise((resolve, reject) => {
      this.opening = { resolve, reject, progress };
      this.send({ type: "open", options });
      if (this.lost) reject(this.lost);
    });
  }

  /** A number of one's own for a stream; `listener` hears what the worker says of it. */
  join(listener: Listener): number {
    const id = ++this.numbers;
    this.listeners.set(id, listener);
    return id;
  }

  leave(id: number): void {
    this.listeners.delete(id);
    this.send({ type: "close", id });
  }

  /** A track that the worker writes, where it has offered one; with its number. */
  spare(): { number: number; track: MediaStreamTrack } | null {
    return this.spares.shift() ?? null;
  }

  send(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.lost) this.end.postMessage(message, transfer);
  }

  ask<T>(message: (call: number) => ToWorker): Promise<T> {
    if (this.lost) return Promise.reject(this.lost);
    const call = ++this.numbers;
    return new Promise<T>((resolve, reject) => {
      this.calls.set(call, { resolve: resolve as (value: unknown) => void, reject });
      this.send(message(call));
    });
  }

  close(): void {
    this.die("the segmenter was closed");
    this.stop();
  }

  private take(message: FromWorker): void {
    switch (message.type) {
      case "opened":
        this.opening?.resolve(message);
        this.opening = null;
        break;
      case "refused":
        this.opening?.reject(new LimnerWebError(message.code, message.message));
        this.opening = null;
        break;
      case "progress":
        this.opening?.progress(message.progress);
        break;
      case "generator":
        this.spares.push(message);
        break;
      case "answer": {
        const call = this.calls.get(message.call);
        this.calls.delete(message.call);
        if (message.error !== undefined) call?.reject(new Error(message.error));
        else call?.resolve(message.value);
        break;
      }
      default:
        this.listeners.get(message.id)?.(message);
    }
  }

  private die(message: string): void {
    if (this.lost) return;
    this.lost = new LimnerWebError("lost", message);
    this.opening?.reject(this.lost);
    for (const call of this.calls.values()) call.reject(this.lost);
    for (const [id, listener] of this.listeners) listener({ type: "state", id, generation: Infinity, state: "failed", message });
  }
}
