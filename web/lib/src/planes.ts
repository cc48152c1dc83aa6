/** Between pixels and what nets take and give, for nets that run on the CPU. */

import type { Card, InputSpec } from "./card.ts";
import { LimnerWebError } from "./api.ts";
import type { Placement } from "./placement.ts";

/**
 * The net's input from pixels at its size.
 *
 * @param rgba the frame in its place, 4 bytes a pixel, the net's width × height.
 * @param previous the mask before, one float a pixel of the input; null where there is none.
 * @param into (1, C, H, W) or (1, H, W, C), as the card says; written in full.
 */
export function fillInput(rgba: Uint8Array | Uint8ClampedArray, previous: Float32Array | null, spec: InputSpec, box: Placement, into: Float32Array): void {
  const [rows, columns] = spec.size;
  const area = rows * columns;
  const planar = spec.layout === "NCHW";
  const step = planar ? 1 : spec.channels;
  for (let channel = 0; channel < 3; channel++) {
    const from = spec.colorOrder === "RGB" ? channel : 2 - channel;
    const gain = spec.scale / spec.std[channel]!;
    const offset = -spec.mean[channel]! / spec.std[channel]!;
    let at = planar ? channel * area : channel;
    for (let pixel = from; pixel < 4 * area; pixel += 4, at += step) into[at] = rgba[pixel]! * gain + offset;
  }
  if (spec.channels === 4) {
    let at = planar ? 3 * area : 3;
    for (let pixel = 0; pixel < area; pixel++, at += step) into[at] = previous ? previous[pixel]! : 0;
  }
  if (box.width < 1 || box.height < 1) blankOutside(spec, box, into);
}

/** 0 after normalisation around the frame, as nets were trained. */
function blankOutside(spec: InputSpec, box: Placement, into: Float32Array): void {
  const [rows, columns] = spec.size;
  const [top, left] = [Math.round(box.top * rows), Math.round(box.left * columns)];
  const [bottom, right] = [top + Math.round(box.height * rows), left + Math.round(box.width * columns)];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      if (y >= top && y < bottom && x >= left && x < right) continue;
      for (let channel = 0; channel < spec.channels; channel++) {
        const at = spec.layout === "NCHW" ? (channel * rows + y) * columns + x : (y * columns + x) * spec.channels + channel;
        into[at] = 0;
      }
    }
  }
}

export interface MaskShape {
  rows: number;
  columns: number;
  classes: number;
  classesFirst: boolean;
}

/** How an output is to be read, from its shape. @throws LimnerWebError "bad-model" where it is no map. */
export function readShape(shape: readonly number[], card: Card): MaskShape {
  const dims = shape.length > 2 && shape[0] === 1 ? shape.slice(1) : [...shape];
  const [rows, columns] = card.input.size;
  const like = (height: number, width: number) => Math.abs(Math.log(height / width) - Math.log(rows / columns)) < 0.25 && height >= 3 && width >= 3;
  let found: MaskShape | null = null;
  if (dims.length === 2 && like(dims[0]!, dims[1]!)) found = { rows: dims[0]!, columns: dims[1]!, classes: 1, classesFirst: true };
  if (dims.length === 3) {
    const first = like(dims[1]!, dims[2]!) ? { rows: dims[1]!, columns: dims[2]!, classes: dims[0]!, classesFirst: true } : null;
    const last = like(dims[0]!, dims[1]!) ? { rows: dims[0]!, columns: dims[1]!, classes: dims[2]!, classesFirst: false } : null;
    found = card.input.layout === "NCHW" ? (first ?? last) : (last ?? first);
  }
  const wanted = card.output.backgroundClass ?? card.output.personClass;
  if (!found) throw new LimnerWebError("bad-model", `${card.name}: output ${card.output.name} has the shape ${shape.join("×")}, which is no map of its ${rows}×${columns} input`);
  if (found.classes > 1 && wanted >= found.classes) throw new LimnerWebError("bad-model", `${card.name}: its card names class ${wanted}, but output ${card.output.name} has ${found.classes} classes`);
  return found;
}

/** Logits beyond this are 0 and 1, but for a millionth; most of them are, and need no sigmoid. */
const SATED = 14;

/**
 * Person probability from an output.
 *
 * @returns false where a number is not finite: such an output is no mask, and its frame must not be shown.
 */
export function personProbability(values: ArrayLike<number>, shape: MaskShape, card: Card, into: Float32Array): boolean {
  const area = shape.rows * shape.columns;
  const { kind, backgroundClass, personClass } = card.output;
  const number = backgroundClass ?? personClass;
  const between = shape.classesFirst ? area : 1;
  const along = shape.classesFirst ? 1 : shape.classes;
  let sound = 0;
  for (let pixel = 0; pixel < area; pixel++) {
    const at = pixel * along;
    let value: number;
    if (shape.classes === 1 || kind === "argmax") {
      const raw = values[at]!;
      sound += raw * 0;
      if (kind === "argmax") value = (Math.round(raw) === number) !== (backgroundClass !== null) ? 1 : 0;
      else if (kind === "logits") value = raw > SATED ? 1 : raw < -SATED ? 0 : 1 / (1 + Math.exp(-raw));
      else value = raw;
    } else {
      const own = values[at + number * between]!;
      let sum = 0;
      for (let other = 0; other < shape.classes; other++) {
        const raw = values[at + other * between]!;
        sound += raw * 0;
        sum += kind === "logits" ? Math.exp(raw - own) : raw;
      }
      value = kind === "logits" ? 1 / sum : own;
      if (kind === "sigmoid") value = own;
      if (backgroundClass !== null) value = 1 - value;
    }
    into[pixel] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
  return sound === 0; // NaN and infinities times 0 are NaN
}
