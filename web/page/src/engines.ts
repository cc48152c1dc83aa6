/** Which model runs on what: loads it, changes it on the run, and goes back to what worked where the change fails. */
import type { Look, ModelFiles, SegmenterInfo, View } from "limner-web";
import { Engine, type EngineChoice, type EngineEvents, type Seen } from "./engine.ts";
import { listModels, modelOption, type ModelEntry } from "./models.ts";
import { kept } from "./offline.ts";
import { DEFAULTS, type Settings, type SettingsStore } from "./settings.ts";
import { $ } from "./ui/dom.ts";
import { EnginePanel, OWN_MODEL } from "./ui/engine_panel.ts";
import { announce, toast } from "./ui/toasts.ts";

const CHOICE = ["model", "runtime", "renderer"] as const satisfies readonly (keyof Settings)[];

type Chosen = Pick<Settings, (typeof CHOICE)[number]>;

export class Engines {
  readonly panel: EnginePanel;
  private readonly engine: Engine;
  private models: readonly ModelEntry[] = [];
  private own: { name: string; files: ModelFiles } | null = null;
  /** What runs, or is loading where nothing runs. */
  private working: Chosen | null = null;

  /**
   * @param seen the picture that is seen now, for an engine that takes over.
   * @param idle is called where another one was chosen and none runs.
   */
  constructor(
    private readonly settings: SettingsStore,
    look: () => Partial<Look>,
    events: EngineEvents,
    private readonly seen: () => Seen | null,
    private readonly idle: () => unknown,
  ) {
    if (settings.now.model === OWN_MODEL) settings.change({ model: DEFAULTS.model });
    this.panel = new EnginePanel(settings);
    this.engine = new Engine($("frame"), look, events);
    settings.listen((_, changed) => CHOICE.some((name) => changed.has(name)) && void this.changed());
    void this.list().then(kept).then(() => this.list()); // the second is kept for use without a network
  }

  private async list(): Promise<void> {
    this.models = await listModels();
    this.panel.fillModels(this.models, this.own?.name ?? null);
  }

  get view(): View | null {
    return this.engine.view;
  }

  get replaced(): Promise<void> {
    return this.engine.replaced;
  }

  get canvas(): HTMLCanvasElement | null {
    return this.engine.canvas;
  }

  get info(): SegmenterInfo | null {
    return this.engine.info;
  }

  /** The model as people call it. */
  get modelName(): string {
    const { model } = this.settings.now;
    return model === OWN_MODEL ? (this.own?.name ?? model) : model;
  }

  /** @throws LimnerWebError of createSegmenter. */
  async ready(): Promise<void> {
    await kept();
    if (this.info) return;
    await this.engine.ready(() => this.options((this.working = chosen(this.settings.now))));
    this.panel.now(this.info);
    await this.changed(); // another one was chosen while this one was loading
  }

  takeModel(name: string, files: ModelFiles): void {
    this.own = { name, files };
    this.panel.fillModels(this.models, name);
    if (this.settings.now.model === OWN_MODEL) void this.change();
    else this.settings.change({ model: OWN_MODEL });
  }

  drop(): void {
    this.engine.drop();
    this.panel.now(null);
  }

  private options({ model, runtime, renderer }: Chosen): EngineChoice {
    return { model: model === OWN_MODEL && this.own ? this.own.files : modelOption(model, this.models), runtime, renderer };
  }

  private async changed(): Promise<void> {
    const { settings, working } = this;
    if (this.info && working && CHOICE.every((name) => working[name] === settings.now[name])) return;
    await this.change();
  }

  /** What runs goes on until the other one is there. */
  private async change(): Promise<void> {
    if (!this.info) return void this.idle();
    this.panel.now(null, true);
    const wanted = chosen(this.settings.now);
    try {
      await this.engine.change(this.options(wanted), this.seen);
      this.working = wanted;
      this.panel.now(this.info);
      announce(`Now in use: ${this.info!.model} on ${this.info!.runtime}`);
    } catch (error) {
      this.panel.now(this.info);
      if ((error as Error).name === "AbortError") return;
      toast(sentence((error as Error).message));
      if (this.working) this.settings.change(this.working);
    }
  }
}

const chosen = ({ model, runtime, renderer }: Settings): Chosen => ({ model, runtime, renderer });

/** With a capital and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim().replace(/\.$/, "");
  return trimmed ? `${trimmed[0]!.toUpperCase()}${trimmed.slice(1)}.` : "";
}
