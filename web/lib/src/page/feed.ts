/** Feeds a stream from a source of the page: a track, a video element or one picture. */

import type { Source } from "../api.ts";
import type { Link } from "./link.ts";

export interface Feed {
  /** The stream can take another frame. */
  wanted(): void;
  /** Send the picture that stands still once more, for a look that needs the net's map again. */
  again(): void;
  /** The worker's clock, while the page is hidden. */
  tick(): void;
  stop(): void;
}

export interface FeedEvents {
  ended(): void;
  paused(): void;
  resumed(): void;
}

/** Milliseconds until a video that had no frame to give is asked again. */
const AGAIN = 50;
/** Pixels on the longer side of a picture, at most: what every graphics device of the last ten years takes. Larger ones are shrunk. */
export const MOST_SIDE = 8192;

type Processors = { MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => { readable: ReadableStream<VideoFrame> } };

export function feed(link: Link, id: number, generation: number, source: Source, events: FeedEvents): Feed {
  if (source instanceof ImageBitmap) return new PictureFeed(link, id, generation, source);
  if (source instanceof HTMLVideoElement) return new VideoFeed(link, id, generation, source, events, false);
  const { MediaStreamTrackProcessor } = globalThis as unknown as Processors;
  if (MediaStreamTrackProcessor) return new TrackFeed(link, id, generation, source, new MediaStreamTrackProcessor({ track: source, maxBufferSize: 1 }).readable, events);
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([source]);
  void video.play().catch(() => undefined);
  source.addEventListener("ended", () => events.ended());
  return new VideoFeed(link, id, generation, video, events, true);
}

class TrackFeed implements Feed {
  constructor(link: Link, id: number, generation: number, track: MediaStreamTrack, readable: ReadableStream<VideoFrame>, events: FeedEvents) {
    link.send({ type: "track", id, generation, readable }, [readable as unknown as Transferable]);
    track.addEventListener("mute", () => events.paused());
    track.addEventListener("unmute", () => events.resumed());
  }

  wanted(): void {}

  again(): void {}

  tick(): void {}

  stop(): void {} // the worker stops reading when the next source begins
}

class PictureFeed implements Feed {
  constructor(
    private readonly link: Link,
    private readonly id: number,
    private readonly generation: number,
    private readonly picture: ImageBitmap,
  ) {
    this.again();
  }

  wanted(): void {}

  again(): void {
    const { width, height } = this.picture;
    const factor = Math.min(1, MOST_SIDE / Math.max(width, height));
    const size = { resizeWidth: Math.max(1, Math.round(width * factor)), resizeHeight: Math.max(1, Math.round(height * factor)), resizeQuality: "high" as const };
    const copy = factor < 1 ? createImageBitmap(this.picture, size) : createImageBitmap(this.picture);
    void copy.then((frame) => this.link.send({ type: "frame", id: this.id, generation: this.generation, frame }, [frame]));
  }

  tick(): void {}

  stop(): void {}
}

/** Frames of a video element, each once, as they are shown; by a worker's clock where the tab is hidden. */
class VideoFeed implements Feed {
  private ready = true;
  private fresh = false;
  private stopped = false;
  private handle = 0;
  private shownAt = -1;
  private readonly off: (() => void)[] = [];

  constructor(
    private readonly link: Link,
    private readonly id: number,
    private readonly generation: number,
    private readonly video: HTMLVideoElement,
    events: FeedEvents,
    private readonly owned: boolean,
  ) {
    this.on(video, "ended", () => events.ended());
    this.on(video, "pause", () => !video.ended && events.paused());
    this.on(video, "playing", () => events.resumed());
    this.on(video, "seeked", () => this.offer());
    this.on(video, "loadeddata", () => this.offer());
    this.on(document, "visibilitychange", () => this.hide());
    if (document.hidden) this.hide();
    this.next();
    if (video.readyState >= 2) this.offer();
  }

  wanted(): void {
    this.ready = true;
    if (this.fresh) void this.send();
  }

  again(): void {
    this.offer();
  }

  stop(): void {
    this.stopped = true;
    for (const off of this.off) off();
    this.link.send({ type: "clock", id: this.id, on: false });
    if ("cancelVideoFrameCallback" in this.video) this.video.cancelVideoFrameCallback(this.handle);
    if (this.owned) this.video.srcObject = null;
  }

  private on(target: EventTarget, name: string, what: () => void): void {
    target.addEventListener(name, what);
    this.off.push(() => target.removeEventListener(name, what));
  }

  private next(): void {
    if (this.stopped) return;
    if ("requestVideoFrameCallback" in this.video) {
      this.handle = this.video.requestVideoFrameCallback(() => {
        this.offer();
        this.next();
      });
    } else
      requestAnimationFrame(() => {
        if ((this.video as HTMLVideoElement).currentTime !== this.shownAt) this.offer();
        this.next();
      });
  }

  /** A hidden tab gets no callbacks, and its timers sleep; a worker's do not. */
  tick(): void {
    if (this.video.currentTime !== this.shownAt) this.offer();
  }

  private hide(): void {
    this.link.send({ type: "clock", id: this.id, on: document.hidden });
  }

  private offer(): void {
    this.fresh = true;
    if (this.ready) void this.send();
  }

  private async send(): Promise<void> {
    const { video } = this;
    if (this.stopped || video.readyState < 2 || video.videoWidth === 0) return;
    this.ready = this.fresh = false;
    this.shownAt = video.currentTime;
    try {
      const frame = typeof VideoFrame === "function" ? new VideoFrame(video, { timestamp: Math.round(video.currentTime * 1e6) }) : await createImageBitmap(video);
      if (this.stopped) return frame.close();
      this.link.send({ type: "frame", id: this.id, generation: this.generation, frame }, [frame]);
    } catch {
      // No frame to be had just now, as while seeking. A busy browser says that it has sought before it has one, and a video that
      // stands still says nothing more.
      this.ready = this.fresh = true;
      setTimeout(() => this.ready && this.fresh && void this.send(), AGAIN);
    }
  }
}
