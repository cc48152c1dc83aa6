/** Means over the last frames. */

import type { Stats } from "./api.ts";

const WINDOW = 20;

export interface FrameTimes {
  upload: number;
  inference: number;
  readback: number;
  draw: number;
  latency: number;
}

export class Meter {
  private readonly times: (FrameTimes & { end: number })[] = [];
  private frames = 0;
  dropped = 0;

  add(times: FrameTimes, end: number): void {
    this.frames++;
    this.times.push({ ...times, end });
    if (this.times.length > WINDOW) this.times.shift();
  }

  /** Forget the means (another source), not the counts. */
  restart(): void {
    this.times.length = 0;
  }

  stats(width: number, height: number, [rows, columns]: readonly [number, number]): Stats {
    const { times } = this;
    const mean = (of: keyof FrameTimes) => (times.length ? times.reduce((sum, time) => sum + time[of], 0) / times.length : 0);
    const span = times.length > 1 ? times[times.length - 1]!.end - times[0]!.end : 0;
    return {
      fps: span > 0 ? (1000 * (times.length - 1)) / span : 0,
      dropped: this.dropped,
      frames: this.frames,
      upload: mean("upload"),
      inference: mean("inference"),
      readback: mean("readback"),
      draw: mean("draw"),
      latency: mean("latency"),
      width,
      height,
      input: [columns, rows],
    };
  }
}
