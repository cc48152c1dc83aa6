/** A processed track for a call: the camera's frames with the effect, as a MediaStreamTrack. */

import { LimnerWebError, type Look, type ProcessedTrack, type Stats, type ViewState } from "../api.ts";
import { changed } from "../look.ts";
import { feed, type Feed } from "./feed.ts";
import type { Sink } from "../worker/messages.ts";
import type { Link } from "./link.ts";
import { shownTrack } from "./shown.ts";

type Written = { track: MediaStreamTrack; writable: WritableStream<VideoFrame> };
type Generators = {
  VideoTrackGenerator?: new () => Written;
  /** Chromium's, from before the standard. */
  MediaStreamTrackGenerator?: new (init: { kind: "video" }) => MediaStreamTrack & { writable: WritableStream<VideoFrame> };
};

export function processed(link: Link, track: MediaStreamTrack, look: Look): ProcessedTrack {
  if (track.kind !== "video") throw new LimnerWebError("bad-option", `processTrack takes a video track, not ${track.kind}`);
  if (track.readyState === "ended") throw new LimnerWebError("bad-option", "The camera's track has ended: ask for a new one");
  const made = generated();
  if (made) return stream(link, track, look, made.track, made.writable, () => undefined);
  const spare = link.spare(); // Safari has generators in workers only
  if (spare) return stream(link, track, look, spare.track, { generator: spare.number }, () => undefined);
  const { track: drawn, show } = shownTrack();
  return stream(link, track, look, drawn, "bitmaps", show);
}

function generated(): Written | null {
  const { VideoTrackGenerator, MediaStreamTrackGenerator } = globalThis as unknown as Generators;
  if (VideoTrackGenerator) return new VideoTrackGenerator();
  if (!MediaStreamTrackGenerator) return null;
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  return { track, writable: track.writable };
}

function stream(link: Link, track: MediaStreamTrack, first: Look, made: MediaStreamTrack, to: Sink, show: (bitmap: ImageBitmap) => void): ProcessedTrack {
  let look = first;
  let source: Feed | null = null;
  const result = extended(made, (changes) => {
    look = changed(look, changes);
    link.send({ type: "look", id, look: changes });
  });
  const stop = made.stop.bind(made);
  const end = () => {
    source?.stop();
    link.leave(id);
    stop();
  };
  const id = link.join((message) => {
    if (message.type === "stats") result.onStats?.(message.stats);
    else if (message.type === "state") result.onState?.(message.state, message.message);
    else if (message.type === "wants") source?.wanted();
    else if (message.type === "tick") source?.tick();
    else if (message.type === "drawn") result.running();
    else if (message.type === "bitmap") show(message.bitmap);
    else if (message.type === "ended") ended();
  });
  const ended = () => {
    result.onState?.("ended");
    end();
  };
  link.send({ type: "attach", id, canvas: null, look });
  link.send({ type: "sink", id, to }, to instanceof WritableStream ? [to as unknown as Transferable] : []);
  link.send({ type: "begin", id, generation: 1 });
  source = feed(link, id, 1, track, {
    ended,
    paused: () => result.onState?.("paused"),
    resumed: () => result.onState?.("running"),
  });
  made.stop = end;
  return result;
}

type Extended = ProcessedTrack & { running(): void };

function extended(track: MediaStreamTrack, update: (look: Partial<Look>) => void): Extended {
  let state: ViewState = "waiting";
  return Object.assign(track, {
    update,
    onStats: null as ((stats: Stats) => void) | null,
    onState: null as ((state: ViewState, message?: string) => void) | null,
    running(this: Extended) {
      if (state === "waiting") this.onState?.((state = "running"));
    },
  });
}
