/** Tracks that the worker writes, for browsers that generate tracks in workers only, as Safari does. */

import type { FromWorker } from "./messages.ts";

interface Written {
  track: MediaStreamTrack;
  writable: WritableStream<VideoFrame>;
}

export class TrackGenerators {
  private count = 0;
  private readonly offered = new Map<number, WritableStream<VideoFrame>>();

  constructor(private readonly send: (message: FromWorker, transfer: Transferable[]) => void) {}

  /** Sends the page a track ahead of its need, since `processTrack` gives one at once. Does nothing where none is generated, or none can be sent. */
  offer(): void {
    const { VideoTrackGenerator } = globalThis as unknown as { VideoTrackGenerator?: new () => Written };
    if (!VideoTrackGenerator) return;
    const { track, writable } = new VideoTrackGenerator();
    const number = ++this.count;
    try {
      this.send({ type: "generator", number, track }, [track as unknown as Transferable]);
      this.offered.set(number, writable);
    } catch {
      track.stop(); // a browser that does not transfer tracks: the page draws into a canvas instead
    }
  }

  /** What is written into a track that was offered; the page gets another one in its place. */
  take(number: number): WritableStream<VideoFrame> {
    const writable = this.offered.get(number)!;
    this.offered.delete(number);
    this.offer();
    return writable;
  }
}
