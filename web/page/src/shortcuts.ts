/** Keys and what they do. Single keys only: combinations belong to the browser. */

export const SHORTCUTS = [
  { key: " ", shown: "Space", does: "start", label: "Start and stop" },
  { key: "c", shown: "C", does: "camera", label: "Camera" },
  { key: "o", shown: "O", does: "open", label: "Open a file" },
  { key: "1", shown: "1 – 6", does: "effect", label: "Effects, in their order" },
  { key: "x", shown: "X", does: "magenta", label: "Magenta check" },
  { key: "b", shown: "B", does: "background", label: "Next background" },
  { key: "m", shown: "M", does: "mirror", label: "Mirror" },
  { key: "k", shown: "K", does: "play", label: "Play and pause a video" },
  { key: "s", shown: "S", does: "shot", label: "Save a picture" },
  { key: "r", shown: "R", does: "record", label: "Record" },
  { key: "f", shown: "F", does: "full", label: "Full screen" },
  { key: "i", shown: "I", does: "numbers", label: "Numbers on the picture" },
  { key: "t", shown: "T", does: "theme", label: "Light, dark, system" },
  { key: "?", shown: "?", does: "help", label: "This help" },
] as const;
export type ShortcutAction = (typeof SHORTCUTS)[number]["does"];

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** Tag name of what has the focus, and its type where it is an input. */
  tag: string;
  type: string;
}

/** What a key press means; null where it belongs to what has the focus or to the browser. */
export function shortcut(press: Press, singleKeys: boolean): { does: ShortcutAction; index: number } | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.tag === "SELECT" || press.tag === "TEXTAREA") return null;
  if (press.tag === "INPUT" && !["range", "checkbox"].includes(press.type)) return null;
  const key = press.key.toLowerCase();
  if (!singleKeys && key !== "?") return null;
  if (key === " " && press.tag !== "BODY" && press.tag !== "ASIDE" && press.tag !== "MAIN") return null;
  if (/^[1-6]$/.test(key)) return { does: "effect", index: Number(key) - 1 };
  const found = SHORTCUTS.find((entry) => entry.key === key);
  return found ? { does: found.does, index: 0 } : null;
}
