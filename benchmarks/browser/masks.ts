/** Runs contenders over clips: their masks, and how long each takes, in turns. */

import { CONTENDERS, type Contender } from "./contenders.ts";

const open = new Map<string, Contender>();
let clock = 0;

async function contender(name: string): Promise<Contender> {
  const found = open.get(name) ?? (await CONTENDERS[name]!());
  open.set(name, found);
  return found;
}

async function frames(clip: string, count: number): Promise<ImageBitmap[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => createImageBitmap(await (await fetch(`/${clip}/${index}.png`)).blob())));
}

/** Masks of a clip by one contender, posted to the server one after another; steps of 1/30 s between frames. */
async function play(name: string, clip: string, count: number): Promise<void> {
  const one = await contender(name);
  one.reset();
  clock += 10_000;
  const masks: Uint8Array<ArrayBuffer>[] = [];
  for (const frame of await frames(clip, count)) {
    const mask = await one.mask(frame, (clock += 33));
    if (mask.length !== frame.width * frame.height) throw new Error(`${name}: a mask of ${mask.length} pixels for ${frame.width}×${frame.height}`);
    masks.push(mask.slice());
  }
  const answer = await fetch(`/masks/${encodeURIComponent(name)}/${clip}`, { method: "POST", body: new Blob(masks) });
  if (!answer.ok) throw new Error(await answer.text());
}

/** Frames of the clip that turns are about, held ready. */
let pictures: ImageBitmap[] = [];

async function hold(clip: string, count: number): Promise<void> {
  pictures = await frames(clip, count);
}

/** Masks of `each` frames by one contender. @returns milliseconds that passed, a mask, median. */
async function turn(name: string, from: number, each: number): Promise<number> {
  const one = await contender(name);
  const spent: number[] = [];
  for (let index = from; index < from + each; index++) {
    const frame = pictures[index % pictures.length]!;
    const start = performance.now();
    await one.mask(frame, (clock += 33));
    spent.push(performance.now() - start);
  }
  return spent.sort((a, b) => a - b)[spent.length >> 1]!;
}

Object.assign(globalThis, { bench: { play, hold, turn } });
