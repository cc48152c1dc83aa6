/** The segmenter and the canvas it draws into; changed for another one without a gap in the picture. */
import { createSegmenter, type Look, type Progress, type SegmenterInfo, type SegmenterOptions, type Source, type Stats, type View, type ViewState } from "limner-web";

export interface EngineEvents {
  stats(stats: Stats): void;
  state(state: ViewState, message?: string): void;
  progress(progress: Progress): void;
}

export type EngineChoice = Pick<SegmenterOptions, "model" | "runtime" | "renderer">;

/** What is seen now: something that gives its source. */
export interface Seen {
  source(): Promise<Source>;
}

interface Running {
  segmenter: Awaited<ReturnType<typeof createSegmenter>>;
  view: View;
  canvas: HTMLCanvasElement;
  ended: Promise<void>;
  end: () => void;
}

export class Engine {
  private running: Running | null = null;
  private loading: Promise<void> | null = null;
  private turn = 0;

  /** @param look what is drawn, asked for whenever a view begins. */
  constructor(
    private readonly frame: HTMLElement,
    private readonly look: () => Partial<Look>,
    private readonly events: EngineEvents,
  ) {}

  get info(): SegmenterInfo | null {
    return this.running?.segmenter.info ?? null;
  }

  get canvas(): HTMLCanvasElement | null {
    return this.running?.canvas ?? null;
  }

  get view(): View | null {
    return this.running?.view ?? null;
  }

  /** Resolves when the view of now has given way to another one, or to none. */
  get replaced(): Promise<void> {
    return this.running?.ended ?? Promise.resolve();
  }

  /** Load it unless it is there or on its way. @throws LimnerWebError of createSegmenter. */
  ready(choice: () => EngineChoice): Promise<void> {
    if (this.running) return Promise.resolve();
    this.loading ??= this.change(choice(), () => null).finally(() => (this.loading = null));
    return this.loading;
  }

  /**
   * Load another one, show what is seen now in it, and only then let the old one go. Where it fails, the old one goes on.
   *
   * @throws LimnerWebError of createSegmenter and of the view; AbortError where a later call overtook this one.
   */
  async change(choice: EngineChoice, seen: () => Seen | null): Promise<void> {
    const turn = ++this.turn;
    const overtaken = (): boolean => turn !== this.turn;
    const segmenter = await createSegmenter({
      ...choice,
      assets: new URL("./", document.baseURI),
      onProgress: (progress) => overtaken() || this.events.progress(progress),
    });
    const canvas = document.createElement("canvas");
    let ours = false;
    try {
      if (overtaken()) throw new DOMException("another engine was chosen", "AbortError");
      canvas.className = "coming";
      this.frame.append(canvas);
      const view = segmenter.attach(canvas, this.look(), {
        onStats: (stats) => ours && this.events.stats(stats),
        onState: (state, message) => ours && this.events.state(state, message),
      });
      for (let shown: Seen | null = null; shown !== seen(); ) {
        shown = seen();
        await view.show(shown && (await shown.source()));
      }
      if (overtaken()) throw new DOMException("another engine was chosen", "AbortError");
      ours = true;
      canvas.className = "";
      this.drop();
      let end = (): void => {};
      const ended = new Promise<void>((resolve) => (end = resolve));
      this.running = { segmenter, view, canvas, ended, end };
      view.update(this.look()); // what changed while it was loading
    } catch (error) {
      canvas.remove();
      segmenter.close();
      throw error;
    }
  }

  /** Let it go; the next `ready` loads it again. */
  drop(): void {
    const old = this.running;
    this.running = null;
    if (!old) return;
    old.view.close();
    old.segmenter.close();
    old.canvas.remove();
    old.end();
  }
}
