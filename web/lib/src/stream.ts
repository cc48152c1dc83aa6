/**
 * One picture: frames in, masks from the net, the finished picture in a canvas.
 *
 * The next frame is uploaded, and made ready for the net, before this one's mask is there. The newest frame waits, older
 * ones are passed over. A frame is drawn with its own mask or not at all.
 */

import type { Look, Stats, ViewState } from "./api.ts";
import type { Brain } from "./brain.ts";
import type { InputSpec } from "./card.ts";
import { Meter } from "./meter.ts";
import { Intake, type Arrived, type Begun } from "./intake.ts";
import { DeviceLost, type Renderer } from "./renderer.ts";
import type { MaskMap } from "./runtimes/net.ts";

export interface StreamEvents {
  state(state: ViewState, message?: string): void;
  stats(stats: Stats): void;
  /** The stream can take another frame. */
  wants(): void;
  /** The frame that stands still has to come once more: what was made of it went with a graphics device. */
  again(): void;
  /** A picture was drawn: of a new frame, or of the same one with another look. */
  drawn(timestamp: number, generation: number): void | Promise<void>;
}

const STATS_EVERY = 250;
/** Renderers that are lost one after the other before the stream gives up. */
const MOST_LOSSES = 5;

export class Stream {
  private renderer: Renderer;
  private generation = 0;
  private running = false;
  private closed = false;
  /** The mask before, of the net's size, where the net is. */
  private previous: Float32Array | GPUBuffer | null = null;
  private last: { timestamp: number; generation: number; width: number; height: number } | null = null;
  private readonly intake: Intake;
  private readonly meter = new Meter();
  private told = 0;
  private losses = 0;
  private failure: string | null = null;
  /** What waits for the next picture. */
  private readonly uses: (() => void)[] = [];

  constructor(
    private readonly brain: Brain,
    private readonly renew: () => Promise<Renderer>,
    renderer: Renderer,
    private current: Look,
    private readonly events: StreamEvents,
  ) {
    this.renderer = renderer;
    this.intake = new Intake(brain, () => this.renderer);
    this.watch();
  }

  get look(): Look {
    return this.current;
  }

  get rendererName(): Renderer["name"] {
    return this.renderer.name;
  }

  /** Another source begins: nothing of the one before is shown again. */
  begin(generation: number): void {
    this.generation = generation;
    this.intake.clear();
    this.previous = null;
    this.last = null;
    this.failure = null;
    this.meter.restart();
    this.renderer.reset();
  }

  push(arrived: Arrived): void {
    if (this.closed || arrived.generation !== this.generation) return arrived.frame.close();
    if (this.intake.put(arrived)) this.meter.dropped++;
    if (!this.running) void this.run();
  }

  /** A new look shows at once where the picture stands still, else in the next frame. */
  update(look: Look): void {
    const again = look.threshold === this.current.threshold && look.softness === this.current.softness;
    this.current = look;
    if (this.running || !this.last || this.failure) return;
    if (again) this.redraw().catch((error: unknown) => this.recover(error));
    else this.events.wants();
  }

  matte(): Promise<{ width: number; height: number; data: Uint8Array }> {
    return this.pictured(() => this.renderer.matte(this.current));
  }

  /**
   * What `use` makes of the picture, called right after it was drawn: later its frame may have made room for the next one,
   * and some canvases give nothing any more.
   */
  pictured<T>(use: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.uses.push(() => {
        try {
          use().then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
      if (this.running) return;
      try {
        if (this.last) this.renderer.draw(this.current);
        else if (this.failure !== null) this.renderer.hide();
      } catch (error) {
        void this.recover(error);
      }
      this.useUp();
    });
  }

  close(): void {
    this.closed = true;
    this.useUp();
    this.intake.clear();
    this.renderer.dispose();
  }

  private useUp(): void {
    for (const use of this.uses.splice(0)) use();
  }

  private async redraw(): Promise<void> {
    if (!this.last) return;
    this.renderer.draw(this.current);
    this.useUp();
    await this.events.drawn(this.last.timestamp, this.last.generation);
  }

  private async run(): Promise<void> {
    this.running = true;
    let begun = this.take();
    while (begun && !this.closed) {
      const now: Begun = begun;
      this.events.wants();
      try {
        const { source, spec, took } = await now.ready;
        if (now.net !== this.brain.net) throw new DeviceLost("the graphics device was lost"); // another stream opened it again
        if (this.last && (this.last.width !== now.width || this.last.height !== now.height)) this.previous = null; // a turned phone
        const seen = this.brain.see(source, this.previous, now.width, now.height);
        begun = this.brain.net.device ? this.take() : null; // on a device of its own the net leaves this thread free
        const map = await seen;
        begun ??= this.take();
        await this.finish(now, map, spec, took);
      } catch (error) {
        begun = await this.fail(error, now, begun);
      }
      begun ??= this.take();
    }
    this.running = false;
    this.useUp();
    if (!this.intake.empty && !this.closed) void this.run();
  }

  private take(): Begun | null {
    return this.intake.take((generation) => generation === this.generation && this.failure === null);
  }

  private async finish(now: Begun, map: MaskMap, spec: InputSpec, took: number): Promise<void> {
    if (this.closed || now.generation !== this.generation) return map.release();
    if (!map.sound) {
      map.release();
      throw new Error("the net gave numbers that are no mask");
    }
    const start = performance.now();
    this.renderer.mask(now.slot, map, spec, this.current);
    if (this.brain.recurrent) this.remember(map, spec);
    map.release();
    this.renderer.draw(this.current);
    this.useUp();
    const end = performance.now();
    this.losses = 0;
    this.last = now;
    this.meter.add({ upload: now.upload + took, inference: map.inference, readback: map.readback, draw: end - start, latency: end - now.since }, end);
    await this.events.drawn(now.timestamp, now.generation);
    if (end - this.told >= STATS_EVERY) {
      this.told = end;
      this.events.stats(this.meter.stats(now.width, now.height, spec.size));
    }
  }

  /** Nothing of a frame without a mask is shown. */
  private async fail(error: unknown, now: Begun, begun: Begun | null): Promise<Begun | null> {
    await begun?.ready.catch(() => undefined);
    if (this.closed || now.generation !== this.generation) return null;
    if (error instanceof DeviceLost && this.losses++ < MOST_LOSSES) {
      try {
        await this.replace();
        return null;
      } catch (cause) {
        error = cause;
      }
    }
    await this.giveUp(error, now);
    return null;
  }

  private async giveUp(error: unknown, now: Pick<Begun, "timestamp" | "generation">): Promise<void> {
    this.last = null;
    this.previous = null;
    this.failure = error instanceof Error ? error.message : String(error);
    try {
      this.renderer.hide();
      this.useUp();
      await this.events.drawn(now.timestamp, now.generation);
    } catch {
      // the device is gone, and the picture with it
    }
    this.events.state("failed", this.failure);
  }

  /** Another renderer in place of one whose device is gone. @throws where none can be had. */
  private async replace(): Promise<void> {
    this.renderer.dispose();
    this.last = null;
    this.previous = null;
    this.renderer = await this.renew();
    if (this.closed) return this.renderer.dispose();
    this.watch();
    this.events.again();
  }

  private watch(): void {
    const { renderer } = this;
    void renderer.lost?.then(() => {
      if (renderer === this.renderer) void this.recover(new DeviceLost("the graphics device was lost"));
    });
  }

  /** Where nothing was being drawn; frames on their way find out by themselves. */
  private async recover(error: unknown): Promise<void> {
    if (this.running || this.closed || this.failure !== null) return;
    this.running = true;
    const last = this.last ?? { timestamp: 0, generation: this.generation };
    try {
      if (!(error instanceof DeviceLost)) throw error;
      await this.replace();
    } catch (cause) {
      await this.giveUp(cause, last);
    }
    this.running = false;
    this.useUp();
    if (!this.intake.empty && !this.closed) void this.run();
  }

  private remember(map: MaskMap, { size: [rows, columns] }: InputSpec): void {
    if (map.rows !== rows || map.columns !== columns) this.previous = null;
    else if (map.values) {
      if (!(this.previous instanceof Float32Array)) this.previous = new Float32Array(rows * columns);
      this.previous.set(map.values);
    } else this.previous = this.renderer.kept ?? null;
  }
}
