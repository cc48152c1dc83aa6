/** The models that are served beside the page. */
import type { RuntimeName } from "limner-web";

export interface ModelEntry {
  name: string;
  card: string;
  format: string;
  /** All that there are of it: "onnx", "tflite", "tfjs"; where none is named, who knows. */
  formats?: readonly string[];
  bytes: number;
  width: number;
  height: number;
  summary: string;
}

const KNOWN: Record<string, string> = {
  fast: "For calls and photos.",
  video: "Sees its mask before: steadier in motion.",
  tiny: "For slow devices.",
  quality: "The finest edges; needs a fast device.",
  selfie: "MediaPipe’s net for selfies, for comparison.",
};

/** Of models/index.json. Where it cannot be had, the three that every site has. */
export async function listModels(): Promise<ModelEntry[]> {
  try {
    const response = await fetch("models/index.json");
    if (response.ok) return readIndex(await response.json());
  } catch {
    // Offline, or served without an index.
  }
  return ["fast", "video", "tiny"].map((name) => ({ name, card: `${name}.json`, format: "onnx", bytes: 0, width: 0, height: 0, summary: "" }));
}

export function readIndex(index: unknown): ModelEntry[] {
  const models = (index as { models?: unknown } | null)?.models;
  if (!Array.isArray(models)) return [];
  return models.filter((entry: Partial<ModelEntry> | null): entry is ModelEntry => typeof entry?.name === "string" && typeof entry.card === "string");
}

const FORMATS: Record<string, string> = { ort: "onnx", litert: "tflite", tfjs: "tfjs" };

/** Whether there is a file of the model that a runtime can run. */
export function runsOn(entry: ModelEntry | undefined, runtime: RuntimeName | "auto"): boolean {
  const format = FORMATS[runtime.split("-", 1)[0]!];
  return !format || !entry?.formats || entry.formats.includes(format);
}

/** One line on what a model is for and how large it is. */
export function describe(entry: ModelEntry): string {
  const size = entry.width && entry.height ? `${entry.width} × ${entry.height}` : "";
  const weight = entry.bytes ? `${(entry.bytes / 1e6).toFixed(1)} MB` : "";
  const facts = [size, weight].filter(Boolean).join(", ");
  const what = KNOWN[entry.name] ?? entry.summary;
  return [what, facts && `${facts}.`].filter(Boolean).join(" ");
}

/** What createSegmenter is given for an entry: shipped models by name, others by their card's address. */
export function modelOption(name: string, entries: readonly ModelEntry[]): string | URL {
  const entry = entries.find((candidate) => candidate.name === name);
  return entry && name.includes("/") ? new URL(`models/${entry.card}`, document.baseURI) : name;
}
