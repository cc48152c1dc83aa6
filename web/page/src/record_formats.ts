/** Which kind of file a recording becomes. */
import type { EffectName } from "limner-web";
import type { RecordAs } from "./settings.ts";

const CANDIDATES = [
  { mime: "video/webm;codecs=vp9", suffix: "webm", alpha: true },
  { mime: "video/webm;codecs=vp8", suffix: "webm", alpha: true },
  { mime: "video/webm", suffix: "webm", alpha: false },
  { mime: "video/mp4;codecs=avc1.640028", suffix: "mp4", alpha: false },
  { mime: "video/mp4", suffix: "mp4", alpha: false },
] as const;

export type RecordPlan = { how: "video"; mime: string; suffix: string } | { how: "pictures" };

/**
 * @param supported whether MediaRecorder takes a type.
 * @param alpha whether this browser's WebM keeps transparency, as tried out.
 */
export function planRecording(effect: EffectName, wish: RecordAs, supported: (mime: string) => boolean, alpha: boolean): RecordPlan {
  const clear = effect === "transparent";
  const found = CANDIDATES.find((candidate) => (!clear || (alpha && candidate.alpha)) && supported(candidate.mime));
  if (wish === "png" || !found) return { how: "pictures" };
  return { how: "video", mime: found.mime, suffix: found.suffix };
}

/** limner-2026-11-29-14.05.09.png: sorts by time, and is a name on every system. */
export function fileName(at: Date, suffix: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `limner-${day}-${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(".")}.${suffix}`;
}
