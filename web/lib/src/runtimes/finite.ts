/** Whether weights are numbers. */

/** @returns whether all are finite. Looks at exponents only: one of ones is an infinity or not a number. */
export function allFinite(view: DataView, dtype: "float32" | "float16"): boolean {
  const [step, mask] = dtype === "float32" ? [4, 0x7f80] : [2, 0x7c00];
  for (let at = step - 2; at < view.byteLength; at += step) if ((view.getUint16(at, true) & mask) === mask) return false;
  return true;
}
