/** Starts LiteRT's WebAssembly, once a worker or page. */

import { Environment, loadLiteRt, supportsFeature } from "@litertjs/core";

type Factory = (settings: object) => Promise<unknown>;

interface Hooks {
  ModuleFactory?: Factory;
  Module?: object;
  importScripts?: unknown;
  define?: ((names: string[], give: () => Factory) => void) & { amd?: boolean };
}

const hooks = globalThis as unknown as Hooks;
let started: Promise<number> | null = null;

/** @returns how many threads there are. */
export function start(base: URL, threads: number): Promise<number> {
  started ??= load(base, threads).catch((error: unknown) => {
    started = null;
    throw error;
  });
  return started;
}

export function environment(device: GPUDevice | null, create: typeof Environment.create = Environment.create): Promise<Environment> {
  return create.call(Environment, { webGpuDevice: device });
}

async function load(base: URL, threads: number): Promise<number> {
  const fast = await supportsFeature("relaxedSimd");
  const threaded = threads > 1 && fast && (await supportsFeature("threads"));
  const script = new URL(`litert_wasm${threaded ? "_threaded" : fast ? "" : "_compat"}_internal.js`, base).href;
  const before = hooks.importScripts;
  hooks.ModuleFactory = await factory(script);
  hooks.Module = { locateFile: (path: string) => new URL(path, base).href, mainScriptUrlOrBlob: script, print: told, printErr: told };
  // The library would load the script with importScripts, which workers made of modules have and may not call.
  if (before) hooks.importScripts = () => undefined;
  // It would open a graphics device too. Nets get environments of their own, with a device where they run on one.
  const create = Environment.create;
  Environment.create = () => environment(null, create);
  try {
    await loadLiteRt(script);
  } finally {
    Environment.create = create;
    if (before) hooks.importScripts = before;
  }
  return threaded ? threads : 1;
}

/** Its log has lines about every step; only what went wrong belongs into the console. */
function told(line: string): void {
  if (/^(ERROR|FATAL)/.test(line)) console.error(line);
}

/** The script gives what it makes to a global, or to a loader of AMD modules; modules have globals of their own, so we are that loader. */
async function factory(script: string): Promise<Factory> {
  const before = hooks.define;
  let made: Factory | null = null;
  hooks.define = Object.assign((_: string[], give: () => Factory) => void (made = give()), { amd: true });
  try {
    await import(/* @vite-ignore */ script);
  } finally {
    hooks.define = before;
  }
  if (!made) throw new Error(`${script} is not LiteRT's`);
  return made;
}
