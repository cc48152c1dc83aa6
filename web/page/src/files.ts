/** What dropped, pasted or chosen files are, and which of them belong together. */
import type { ModelFiles } from "limner-web";

export type Found =
  | { kind: "photo" | "video"; file: File }
  | { kind: "model"; name: string; files: ModelFiles }
  | { kind: "trouble"; text: string };

const PHOTO = /\.(jpe?g|png|webp|gif|avif|bmp|svg|heic|heif)$/i;
const VIDEO = /\.(mp4|m4v|mov|webm|mkv|ogv|avi)$/i;
const WEIGHTS = /\.(onnx|tflite|bin)$/i;
const NET = /\.(onnx|tflite)$/i;
const JSON_FILE = /\.json$/i;

const NOTHING = "Nothing to open: bring a photo, a video, or a model with its card.";

/** The one thing that a bundle of files is: a model where weights or a card are among them, else the first photo or video. */
export async function sortFiles(files: readonly File[]): Promise<Found> {
  if (files.some((file) => WEIGHTS.test(file.name) || JSON_FILE.test(file.name))) return sortModel(files);
  const video = files.find((file) => file.type.startsWith("video/") || VIDEO.test(file.name));
  const photo = files.find((file) => file.type.startsWith("image/") || PHOTO.test(file.name));
  const first = files.find((file) => file === video || file === photo);
  if (!first) return { kind: "trouble", text: files.length === 1 ? `${files[0]!.name} is neither a photo nor a video nor a model.` : NOTHING };
  return { kind: first === photo ? "photo" : "video", file: first };
}

async function sortModel(files: readonly File[]): Promise<Found> {
  let card: { file: File; record: Record<string, unknown> } | null = null;
  const weights = new Map<string, Blob>();
  for (const file of files) {
    if (WEIGHTS.test(file.name)) weights.set(file.name, file);
    else if (JSON_FILE.test(file.name)) {
      const record = await readJson(file);
      if (!record) return { kind: "trouble", text: `${file.name} is not JSON.` };
      if ("modelTopology" in record || record["format"] === "graph-model") weights.set(file.name, file);
      else if (!isCard(record)) return { kind: "trouble", text: `${file.name} is not the card of a model: it names neither an input nor an output.` };
      else if (card) return { kind: "trouble", text: `${card.file.name} and ${file.name} are both cards. Bring one model at a time.` };
      else card = { file, record };
    }
  }
  const net = [...weights.keys()].find((name) => NET.test(name)) ?? [...weights.keys()].find((name) => JSON_FILE.test(name));
  if (!card) {
    const name = net ?? [...weights.keys()][0]!;
    return { kind: "trouble", text: `${name} came without its card. Bring both at once; the card is the .json beside it.` };
  }
  const wanted = typeof card.record["file"] === "string" ? card.record["file"] : null;
  if (!net) return { kind: "trouble", text: `${card.file.name} came without its weights. Bring both at once${wanted ? `; they are in ${wanted}` : ""}.` };
  const name = typeof card.record["name"] === "string" ? card.record["name"] : card.file.name.replace(JSON_FILE, "");
  return { kind: "model", name, files: { card: card.file, files: weights } };
}

function isCard(record: Record<string, unknown>): boolean {
  return typeof record["input"] === "object" && record["input"] !== null && typeof record["output"] === "object";
}

async function readJson(file: Blob): Promise<Record<string, unknown> | null> {
  try {
    const value: unknown = JSON.parse(await file.text());
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Files of a drop; those in folders too, since an export for TensorFlow.js is one. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Entries must be asked for before the first await: afterwards the transfer is empty.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found: File[] = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push(entry);
    else if (entry) await collect(entry, found);
  }
  return found;
}

const MOST_FILES = 200;

async function collect(entry: FileSystemEntry, into: File[]): Promise<void> {
  if (into.length >= MOST_FILES) return;
  if (entry.isFile) {
    into.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const inner of some) await collect(inner, into);
  }
}
