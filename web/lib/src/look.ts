/** Looks as numbers for shaders, and checks of what callers give. */

import { DEFAULT_LOOK, EFFECTS, LimnerWebError, type Look } from "./api.ts";

const RANGES: Partial<Record<keyof Look, readonly [number, number]>> = {
  blur: [0, 1],
  threshold: [0.05, 0.95],
  hysteresis: [0, 0.3],
  softness: [0, 1],
  steadiness: [0, 1],
  lightWrap: [0, 1],
};

/** A look with the changes applied. @throws LimnerWebError "bad-option": the message names the field and its range. */
export function changed(before: Look, changes: Partial<Look>): Look {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in DEFAULT_LOOK)) throw bad(`There is no option ${name}; there are ${Object.keys(DEFAULT_LOOK).join(", ")}`);
    const range = RANGES[name as keyof Look];
    if (range && !(typeof value === "number" && value >= range[0] && value <= range[1])) throw bad(`${name} must be a number from ${range[0]} to ${range[1]}, not ${String(value)}`);
  }
  const look = { ...before, ...changes };
  if (!EFFECTS.includes(look.effect)) throw bad(`effect is ${String(look.effect)}; it can be ${EFFECTS.join(", ")}`);
  if (!/^#[0-9a-f]{6}$/i.test(look.color)) throw bad(`color must be #rrggbb, not ${String(look.color)}`);
  if (look.background !== null && !(look.background instanceof ImageBitmap)) throw bad("background must be an ImageBitmap (see createImageBitmap) or null");
  return look;
}

function bad(message: string): LimnerWebError {
  return new LimnerWebError("bad-option", message);
}

export interface LookNumbers {
  /** How much steeper than the net's own the edge is. */
  steepness: number;
  /** Share of a new mask where nothing has moved for long. */
  least: number;
  /** RGB, 0 to 1. */
  color: [number, number, number];
}

export function look(of: Look): LookNumbers {
  const hex = Number.parseInt(of.color.slice(1), 16);
  return {
    steepness: of.softness > 0 ? Math.min(50, 1 / of.softness) : 1,
    least: 0.08 ** of.steadiness,
    color: [(hex >> 16) / 255, ((hex >> 8) & 255) / 255, (hex & 255) / 255],
  };
}

/** Effects as shaders know them. */
export const EFFECT_NUMBERS = { none: 0, blur: 1, replace: 2, color: 3, transparent: 4, mask: 5 } as const;

/** Sigmas, in pixels of a map, of the blurs over the person and over the rest: colours along the edge, and the effect itself. */
export function spreads(of: Look, width: number, height: number): [number, number] {
  const side = Math.min(width, height);
  const edge = Math.max(1, 0.015 * side);
  return [edge, of.effect === "blur" ? of.blur * 0.06 * side : edge];
}

/** Share of a picture that is seen, per axis, where it fills a frame and keeps its proportions. */
export function cover(width: number, height: number, frameWidth: number, frameHeight: number): [number, number] {
  const wide = width / height / (frameWidth / frameHeight);
  return wide > 1 ? [1 / wide, 1] : [1, wide];
}
