/** How a graph model of TensorFlow.js keeps its weights: one after another, in files that are joined. */

export interface Weight {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string };
}

const BYTES: Record<string, number> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

/** Of one number of a weight, as it is kept; undefined for strings and complex numbers, which no net of ours has. */
export function bytesOf({ dtype, quantization }: { dtype: string; quantization?: { dtype: string } }): number | undefined {
  return BYTES[quantization?.dtype ?? dtype];
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
