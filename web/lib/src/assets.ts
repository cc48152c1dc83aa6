/** Fetching what a segmenter needs, from the page's own origin, with progress, kept in the browser's cache. */

import { LimnerWebError, type ModelFiles, type Progress } from "./api.ts";
import { parseCard, type Card } from "./card.ts";
import { loadSizes, type SizesFile } from "./sizes.ts";

const CACHE = "limner-models-1";

export interface Model {
  card: Card;
  /** The main file of the model: of TensorFlow.js's, model.json. */
  weights: Uint8Array<ArrayBuffer>;
  /** All files by name, for formats of several. */
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  format: "onnx" | "tflite" | "tfjs";
  /** What makes the same net take frames of other proportions; null where it has one size. */
  sizes: SizesFile | null;
}

export type Reporter = (progress: Progress) => void;

const FOLDERS: Record<Model["format"], string> = { onnx: "", tflite: "litert/", tfjs: "tfjs/" };
const GRAPH = "model.json";

/**
 * @param sizes which other sizes of a named .tflite are loaded with it.
 * @throws LimnerWebError "no-model" or "bad-model".
 */
export async function loadModel(model: string | URL | ModelFiles, assets: URL, format: Model["format"], report: Reporter, sizes: "sizes" | "squares" = "sizes"): Promise<Model> {
  if (typeof model === "object" && !(model instanceof URL)) return fromFiles(model);
  const address = cardAddress(model, assets, format);
  const card = parseCard(await text(address), address.pathname.split("/").pop()!);
  const found = formatOf(card.file);
  if (found === "tfjs") return fromGraph(card, new URL(isFolder(card.file) ? `${card.file}/${GRAPH}` : card.file, address), report);
  const weights = await bytes(new URL(card.file, address), "model", report, card.sha256);
  const others = found === "tflite" && !(model instanceof URL) && isName(model) ? await loadSizes(address, card, sizes) : null;
  return { card, weights, files: new Map([[card.file, weights]]), format: found, sizes: others };
}

/** Whether a text is the name of a model below `assets`, not an address. */
export function isName(model: string): boolean {
  return !/[/.]/.test(model);
}

/** Where the card of a named model lies: other formats than ONNX have folders of their own. */
function cardAddress(model: string | URL, assets: URL, format: Model["format"]): URL {
  if (model instanceof URL || !isName(model)) return new URL(model, globalThis.location?.href ?? assets);
  return new URL(`models/${FOLDERS[format]}${model}.json`, assets);
}

/** model.json and the weights that it names, from the cache where they are what the card says. */
async function fromGraph(card: Card, main: URL, report: Reporter): Promise<Model> {
  const cache = await opened();
  const kept = async (address: URL) => new Uint8Array(await ((await cache?.match(address)) ?? Response.error()).arrayBuffer());
  const fetch = (address: URL) => fetched(address, (loaded, total) => report({ what: "model", loaded, total }));
  const files = async (get: (address: URL) => Promise<Uint8Array<ArrayBuffer>>) => {
    const graph = await get(main);
    const found = new Map([[GRAPH, graph]]);
    for (const name of weightFiles(graph, card.file)) found.set(name, await get(new URL(name, main)));
    return found;
  };
  if (cache && isFolder(card.file) && card.sha256) {
    const found = await files(kept).catch(() => null);
    if (found?.get(GRAPH)!.length && (await folderDigest(found)) === card.sha256) return { card, weights: found.get(GRAPH)!, files: found, format: "tfjs", sizes: null };
  }
  const found = await files(fetch);
  await checkGraph(found, card);
  if (isFolder(card.file)) for (const [name, file] of found) await cache?.put(new URL(name, main), new Response(file)).catch(() => undefined); // a full disk is no reason to stop
  return { card, weights: found.get(GRAPH)!, files: found, format: "tfjs", sizes: null };
}

async function fromFiles({ card: blob, files }: ModelFiles): Promise<Model> {
  const card = parseCard(await blob.text(), "the card");
  const format = formatOf(card.file);
  const name = format === "tfjs" ? GRAPH : card.file;
  const given = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [each, file] of files) given.set(each, new Uint8Array(await file.arrayBuffer()));
  const weights = given.get(name);
  if (!weights) throw new LimnerWebError("no-model", `The card belongs to ${card.file}, which was not given: drop both ${format === "tfjs" ? "the folder and its card" : "files"} together`);
  const found = new Map([[name, weights]]);
  for (const each of format === "tfjs" ? weightFiles(weights, card.file) : []) {
    const file = given.get(each);
    if (!file) throw new LimnerWebError("no-model", `${card.file} needs ${each}, which was not given: drop all of the model's files together`);
    found.set(each, file);
  }
  if (format === "tfjs") await checkGraph(found, card);
  else await check(weights, card.sha256, card.file);
  return { card, weights, files: found, format, sizes: null };
}

export function formatOf(file: string): Model["format"] {
  if (file.endsWith(".onnx")) return "onnx";
  if (file.endsWith(".tflite")) return "tflite";
  if (file.endsWith(".json") || isFolder(file)) return "tfjs";
  throw new LimnerWebError("bad-model", `${file} does not run in a browser: export it as onnx, litert or tfjs (limner export)`);
}

/** Whether the card names the folder that `limner export` makes, and its sha256 is that of all files in it. */
function isFolder(file: string): boolean {
  return file.endsWith(".tfjs");
}

async function checkGraph(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, card: Card): Promise<void> {
  if (!isFolder(card.file)) return check(files.get(GRAPH)!, card.sha256, card.file);
  const seen = card.sha256 && (await folderDigest(files));
  if (seen && seen !== card.sha256) throw differs(card.file);
}

/** As limner.models.files.model_sha256 has it: of a list of all files, by name. */
async function folderDigest(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): Promise<string | null> {
  let list = "";
  for (const name of [...files.keys()].sort()) list += `${await digest(files.get(name)!)}  ${name}\n`;
  return digest(new TextEncoder().encode(list));
}

function weightFiles(json: Uint8Array, file: string): string[] {
  try {
    const model = JSON.parse(new TextDecoder().decode(json)) as { weightsManifest: { paths: string[] }[] };
    return model.weightsManifest.flatMap((group) => group.paths).map(plain);
  } catch (cause) {
    throw new LimnerWebError("bad-model", `${file} is no TensorFlow.js model`, { cause });
  }
}

function plain(name: string): string {
  if (/[\\/:?#%]/.test(name)) throw new Error(`weight file ${name}`);
  return name;
}

async function text(address: URL): Promise<string> {
  return new TextDecoder().decode(await fetched(address));
}

/** The bytes of a file, from the cache where they are what the card says. */
export async function bytes(address: URL, what: Progress["what"], report: Reporter, sha256: string | null): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await opened();
  const kept = sha256 && (await cache?.match(address));
  if (kept) {
    const found = new Uint8Array(await kept.arrayBuffer());
    if ((await digest(found)) === sha256) return found;
    await cache?.delete(address);
  }
  const found = await fetched(address, (loaded, total) => report({ what, loaded, total }));
  await check(found, sha256, address.pathname);
  if (sha256) await cache?.put(address, new Response(found)).catch(() => undefined); // a full disk is no reason to stop
  return found;
}

async function fetched(address: URL, tell?: (loaded: number, total: number) => void): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw new LimnerWebError("no-model", `${address.pathname} cannot be fetched: is the server running, or are you offline?`, { cause });
  }
  if (!response.ok) throw new LimnerWebError("no-model", `${address.pathname} is not there (HTTP ${response.status})`);
  const total = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length") ?? 0);
  if (!response.body || !tell) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    tell((loaded += part.value.length), total);
  }
  const whole = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function check(found: Uint8Array<ArrayBuffer>, sha256: string | null, name: string): Promise<void> {
  const seen = sha256 && (await digest(found));
  if (seen && seen !== sha256) throw differs(name);
}

function differs(name: string): LimnerWebError {
  return new LimnerWebError("bad-model", `${name} is not the file that its card describes (sha256 differs): fetch or export it again`);
}

/** Null where the page has no crypto, which browsers keep to https and localhost. */
async function digest(data: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function opened(): Promise<Cache | null> {
  try {
    return await caches.open(CACHE);
  } catch {
    return null; // private windows, insecure pages
  }
}
