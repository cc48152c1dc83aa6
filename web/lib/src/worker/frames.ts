/** Frames of a camera's track, as they come. */

interface Takers {
  frame(frame: VideoFrame): void;
  end(): void;
}

/** @returns stops reading; the track itself goes on. */
export function pump(readable: ReadableStream<VideoFrame>, to: Takers): () => void {
  const reader = readable.getReader();
  let stopped = false;
  void (async () => {
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (stopped) part.value.close();
        else to.frame(part.value);
      }
    } catch {
      // the track went away: it has ended
    }
    if (!stopped) to.end();
  })();
  return () => {
    stopped = true;
    void reader.cancel().catch(() => undefined);
  };
}
