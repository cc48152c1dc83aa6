/** What computes and draws: chosen by the person, and what it came to. */
import { RENDERERS, RUNTIMES, type RendererName, type RuntimeName, type SegmenterInfo } from "limner-web";
import { describe, runsOn, type ModelEntry } from "../models.ts";
import type { RecordAs, SettingsStore } from "../settings.ts";
import { $, fill, make } from "./dom.ts";

export const RUNTIME_LABELS: Record<RuntimeName, string> = {
  "ort-webgpu": "ONNX Runtime · WebGPU",
  "ort-wasm": "ONNX Runtime · wasm",
  "litert-webgpu": "LiteRT · WebGPU",
  "litert-wasm": "LiteRT · wasm",
  "tfjs-webgl": "TensorFlow.js · WebGL",
  "tfjs-wasm": "TensorFlow.js · wasm",
};
const RENDERER_LABELS: Record<RendererName, string> = { webgpu: "WebGPU", webgl2: "WebGL 2", canvas: "Canvas" };
export const OWN_MODEL = "own";

export class EnginePanel {
  private models: readonly ModelEntry[] = [];
  private own: string | null = null;

  constructor(private readonly settings: SettingsStore) {
    const automatic = { value: "auto", label: "Automatic" };
    fill($("runtime"), [automatic, ...RUNTIMES.map((value) => ({ value, label: RUNTIME_LABELS[value] }))], settings.now.runtime);
    fill($("renderer"), [automatic, ...RENDERERS.map((value) => ({ value, label: RENDERER_LABELS[value] }))], settings.now.renderer);
    $<HTMLSelectElement>("model").onchange = (event) => this.choose(value(event));
    $<HTMLSelectElement>("runtime").onchange = (event) => settings.change({ runtime: value(event) as RuntimeName | "auto" });
    $<HTMLSelectElement>("renderer").onchange = (event) => settings.change({ renderer: value(event) as RendererName | "auto" });
    $<HTMLSelectElement>("record-as").value = settings.now.recordAs;
    $<HTMLSelectElement>("record-as").onchange = (event) => settings.change({ recordAs: value(event) as RecordAs });
    settings.listen(() => this.show());
  }

  fillModels(models: readonly ModelEntry[], own: string | null): void {
    this.models = models;
    this.own = own;
    this.show();
  }

  /** What runs now; `busy` while another is loading. */
  now(info: SegmenterInfo | null, busy = false): void {
    const line = $("now");
    if (busy) line.replaceChildren("Loading…");
    else if (!info) line.replaceChildren();
    else {
      const [width, height] = info.size;
      const how = [`${width}\u00a0×\u00a0${height}`, info.threads > 1 ? `${info.threads} threads` : "1 thread", info.recurrent && "sees its mask before", !info.worker && "in the page itself"];
      line.replaceChildren("In use: ", make("b", { textContent: info.model }), ` on ${RUNTIME_LABELS[info.runtime]}, drawn with ${RENDERER_LABELS[info.renderer]}. `, how.filter(Boolean).join(", "), ".");
    }
    line.classList.toggle("busy", busy);
  }

  lock(locked: boolean): void {
    for (const id of ["model", "runtime", "renderer"]) $<HTMLSelectElement>(id).disabled = locked;
  }

  /** A model, on the runtime that was chosen where it has a file for that. */
  private choose(model: string): void {
    const fits = runsOn(this.models.find(({ name }) => name === model), this.settings.now.runtime);
    this.settings.change(fits ? { model } : { model, runtime: "auto" });
  }

  private show(): void {
    const { model, runtime, renderer } = this.settings.now;
    const options = this.models.map(({ name }) => ({ value: name, label: name }));
    if (this.own) options.push({ value: OWN_MODEL, label: `${this.own} (yours)` });
    fill($("model"), options, model);
    $<HTMLSelectElement>("renderer").value = renderer;
    const entry = this.models.find(({ name }) => name === model);
    for (const option of $<HTMLSelectElement>("runtime").options) {
      const name = option.value as RuntimeName | "auto";
      option.disabled = !runsOn(entry, name);
      if (name !== "auto") option.label = RUNTIME_LABELS[name] + (option.disabled ? ` (no file of ${model})` : "");
    }
    $<HTMLSelectElement>("runtime").value = runtime;
    $("model-hint").textContent = entry ? describe(entry) : model === OWN_MODEL ? "Until the page is closed." : "";
  }
}

const value = (event: Event): string => (event.target as HTMLSelectElement).value;
