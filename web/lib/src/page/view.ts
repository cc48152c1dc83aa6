/** A view: one canvas of the page, drawn by the worker. */

import type { Look, Source, View, ViewEvents, ViewState } from "../api.ts";
import { LimnerWebError } from "../api.ts";
import { changed } from "../look.ts";
import type { FromWorker } from "../worker/messages.ts";
import { feed, type Feed } from "./feed.ts";
import type { Link } from "./link.ts";
import { shownTrack, writesTracks } from "./shown.ts";

export class CanvasView implements View {
  state: ViewState = "idle";
  private readonly id: number;
  private generation = 0;
  private feed: Feed | null = null;
  private pending: { resolve: () => void; reject: (error: Error) => void } | null = null;
  private closed = false;
  /** What shows the picture in tracks. */
  private readonly shown = new Set<(bitmap: ImageBitmap) => void>();

  constructor(
    private readonly link: Link,
    readonly canvas: HTMLCanvasElement,
    private look: Look,
    private readonly events: ViewEvents,
  ) {
    let offscreen: OffscreenCanvas;
    try {
      offscreen = canvas.transferControlToOffscreen();
    } catch (cause) {
      throw new LimnerWebError("bad-option", "The canvas has a context, or a view, already: give a fresh one", { cause });
    }
    this.id = link.join((message) => this.hear(message));
    link.send({ type: "attach", id: this.id, canvas: offscreen, look }, [offscreen]);
  }

  show(source: Source | null): Promise<void> {
    if (this.closed) return Promise.reject(new LimnerWebError("lost", "the view was closed"));
    this.feed?.stop();
    this.feed = null;
    this.pending?.reject(new DOMException("another source was shown", "AbortError"));
    this.pending = null;
    const generation = ++this.generation;
    this.link.send({ type: "begin", id: this.id, generation });
    if (source === null) {
      this.turn("idle");
      return Promise.resolve();
    }
    this.turn("waiting");
    const first = new Promise<void>((resolve, reject) => (this.pending = { resolve, reject }));
    first.catch(() => undefined);
    const mine = () => generation === this.generation;
    this.feed = feed(this.link, this.id, generation, source, {
      ended: () => mine() && this.turn("ended"),
      paused: () => mine() && this.state === "running" && this.turn("paused"),
      resumed: () => mine() && this.state === "paused" && this.turn("running"),
    });
    return first;
  }

  update(look: Partial<Look>): void {
    this.look = changed(this.look, look);
    this.link.send({ type: "look", id: this.id, look });
    // What the net's map is needed for again, where no next frame brings it.
    if ("threshold" in look || "hysteresis" in look || "softness" in look || "steadiness" in look) this.feed?.again();
  }

  async snapshot(mime: "image/png" | "image/webp" | "image/jpeg" = "image/png"): Promise<Blob> {
    return this.link.ask<Blob>((call) => ({ type: "snapshot", id: this.id, call, mime }));
  }

  track(): MediaStreamTrack | null {
    if (this.state !== "running" && this.state !== "paused") return null;
    if (writesTracks()) return this.canvas.captureStream().getVideoTracks()[0]!;
    const { track, show } = shownTrack();
    this.shown.add(show);
    this.link.send({ type: "sink", id: this.id, to: "bitmaps" });
    const stop = track.stop.bind(track);
    track.stop = () => {
      stop();
      this.shown.delete(show);
      if (!this.shown.size) this.link.send({ type: "sink", id: this.id, to: null });
    };
    return track;
  }

  matte(): Promise<{ width: number; height: number; data: Uint8Array }> {
    return this.link.ask((call) => ({ type: "matte", id: this.id, call }));
  }

  close(): void {
    this.closed = true;
    this.shown.clear();
    this.feed?.stop();
    this.link.leave(this.id);
  }

  private hear(message: FromWorker): void {
    if ("generation" in message && message.generation < this.generation) return;
    switch (message.type) {
      case "stats":
        this.events.onStats?.(message.stats);
        break;
      case "wants":
        this.feed?.wanted();
        if (message.again) this.feed?.again();
        break;
      case "tick":
        this.feed?.tick();
        break;
      case "bitmap":
        void this.give(message.bitmap);
        break;
      case "drawn":
        if (this.state === "waiting") this.turn("running");
        this.pending?.resolve();
        this.pending = null;
        break;
      case "ended":
        this.turn("ended");
        break;
      case "state":
        this.turn(message.state, message.message);
        if (message.state !== "failed") break;
        this.pending?.reject(new LimnerWebError("lost", message.message ?? "the picture failed"));
        this.pending = null;
    }
  }

  /** Each track takes a picture of its own. */
  private async give(bitmap: ImageBitmap): Promise<void> {
    const [first, ...others] = this.shown;
    const copies = await Promise.all(others.map(() => createImageBitmap(bitmap)));
    if (first) first(bitmap);
    else bitmap.close();
    others.forEach((show, index) => show(copies[index]!));
  }

  private turn(state: ViewState, message?: string): void {
    if (state === this.state && message === undefined) return;
    this.state = state;
    this.events.onState?.(state, message);
  }
}
