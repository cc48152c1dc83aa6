/** Where a frame lies in the net's input: everywhere ("stretch"), or whole and centred ("letterbox"). */

import type { InputSpec } from "./card.ts";

/** In shares of the input, 0 to 1. */
export interface Placement {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function place(width: number, height: number, spec: Pick<InputSpec, "size" | "resize">): Placement {
  if (spec.resize === "stretch") return { left: 0, top: 0, width: 1, height: 1 };
  const [rows, columns] = spec.size;
  const factor = Math.min(rows / height, columns / width);
  const innerHeight = Math.min(rows, Math.max(1, Math.round(height * factor)));
  const innerWidth = Math.min(columns, Math.max(1, Math.round(width * factor)));
  return {
    left: Math.floor((columns - innerWidth) / 2) / columns,
    top: Math.floor((rows - innerHeight) / 2) / rows,
    width: innerWidth / columns,
    height: innerHeight / rows,
  };
}

/** Size of the map on which edges are fitted: the frame halved until its longer side is at most 640, then once more. */
export function mapSize(width: number, height: number): [number, number] {
  let step = 2;
  while ((Math.max(width, height) * 2) / step > 640 && Math.min(width, height) / step >= 48) step *= 2;
  return [Math.max(1, Math.ceil(width / step)), Math.max(1, Math.ceil(height / step))];
}
