/** A track of pictures that are put into a canvas which nobody sees: for browsers that cannot write tracks. */

export interface Shown {
  track: MediaStreamTrack;
  /** Takes the picture. */
  show(bitmap: ImageBitmap): void;
}

/** Whether this browser writes tracks in pages, as Chromium does. It then also gives a track of a canvas that a worker draws; Firefox stands still for ten seconds, and gives nothing. */
export function writesTracks(): boolean {
  return "MediaStreamTrackGenerator" in globalThis || "VideoTrackGenerator" in globalThis;
}

export function shownTrack(): Shown {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("bitmaprenderer", { alpha: true })!;
  return {
    track: canvas.captureStream().getVideoTracks()[0]!,
    show(bitmap) {
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      context.transferFromImageBitmap(bitmap);
    },
  };
}
