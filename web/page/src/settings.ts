/** What the page remembers: every field checked when read, so that an old or damaged record never breaks the page. */
import { DEFAULT_LOOK, EFFECTS, RENDERERS, RUNTIMES, type EffectName, type RendererName, type RuntimeName } from "limner-web";

export const SLIDERS = {
  blur: { min: 0, max: 1, step: 0.01 },
  threshold: { min: 0.05, max: 0.95, step: 0.01 },
  hysteresis: { min: 0, max: 0.3, step: 0.01 },
  softness: { min: 0, max: 1, step: 0.01 },
  steadiness: { min: 0, max: 1, step: 0.01 },
  lightWrap: { min: 0, max: 1, step: 0.01 },
} as const;
export type SliderName = keyof typeof SLIDERS;
export const EDGE_SLIDERS = ["threshold", "hysteresis", "softness", "steadiness"] as const satisfies readonly SliderName[];

export const RESOLUTIONS = [360, 720, 1080] as const;
export type Resolution = (typeof RESOLUTIONS)[number];
export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export type Facing = "user" | "environment";
export type RecordAs = "auto" | "png";

export interface Settings extends Record<SliderName, number> {
  effect: EffectName;
  color: string;
  /** Magenta instead of the effect, to see what the edge lets through; not kept. */
  magenta: boolean;
  /** Of the gallery; one's own picture is not kept. */
  background: string;
  /** Of cameras that look at the user; other pictures begin as they are. */
  mirror: boolean;
  /** Device; "" takes the one for `facing`. */
  camera: string;
  facing: Facing;
  resolution: Resolution;
  model: string;
  runtime: RuntimeName | "auto";
  renderer: RendererName | "auto";
  recordAs: RecordAs;
  theme: Theme;
  shortcuts: boolean;
  numbers: boolean;
}

export const DEFAULTS: Readonly<Settings> = {
  effect: DEFAULT_LOOK.effect,
  blur: DEFAULT_LOOK.blur,
  color: "#2f7d5b",
  magenta: false,
  background: "room",
  threshold: DEFAULT_LOOK.threshold,
  hysteresis: DEFAULT_LOOK.hysteresis,
  softness: DEFAULT_LOOK.softness,
  steadiness: DEFAULT_LOOK.steadiness,
  lightWrap: DEFAULT_LOOK.lightWrap,
  mirror: true,
  camera: "",
  facing: "user",
  resolution: 720,
  model: "fast",
  runtime: "auto",
  renderer: "auto",
  recordAs: "auto",
  theme: "auto",
  shortcuts: true,
  numbers: false,
};

type Check = (value: unknown) => boolean;
const oneOf = (...values: readonly unknown[]): Check => (value) => values.includes(value);
const text: Check = (value) => typeof value === "string" && value.length <= 500;
const flag: Check = (value) => typeof value === "boolean";
const within = ({ min, max }: { min: number; max: number }): Check => (value) => typeof value === "number" && value >= min && value <= max;

const CHECKS: Record<keyof Settings, Check> = {
  ...(Object.fromEntries(Object.entries(SLIDERS).map(([name, range]) => [name, within(range)])) as Record<SliderName, Check>),
  effect: oneOf(...EFFECTS),
  color: (value) => typeof value === "string" && colour(value) === value,
  magenta: oneOf(false),
  background: text,
  mirror: flag,
  camera: text,
  facing: oneOf("user", "environment"),
  resolution: oneOf(...RESOLUTIONS),
  model: text,
  runtime: oneOf("auto", ...RUNTIMES),
  renderer: oneOf("auto", ...RENDERERS),
  recordAs: oneOf("auto", "png"),
  theme: oneOf(...THEMES),
  shortcuts: flag,
  numbers: flag,
};

/** A colour as people type it, as #rrggbb; null where it is none. */
export function colour(typed: string): string | null {
  const found = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(typed.trim());
  if (!found) return null;
  const digits = found[1]!.toLowerCase();
  return "#" + (digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits);
}

/** Settings out of what was stored; fields that are missing or make no sense get their defaults. */
export function parseSettings(stored: string | null): Settings {
  let record: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(stored ?? "{}");
    if (typeof parsed === "object" && parsed !== null) record = parsed as Record<string, unknown>;
  } catch {
    // Not JSON: as if nothing were stored.
  }
  const good = Object.entries(CHECKS).filter(([name, check]) => Object.hasOwn(record, name) && check(record[name]));
  return { ...DEFAULTS, ...Object.fromEntries(good.map(([name]) => [name, record[name]])) };
}

type Listener = (settings: Readonly<Settings>, changed: ReadonlySet<keyof Settings>) => void;

/** The settings of this page: kept in storage where that is allowed, and told to whoever listens. */
export class SettingsStore {
  private listeners: Listener[] = [];
  private current: Settings;

  constructor(
    private readonly storage: Pick<Storage, "getItem" | "setItem"> | null,
    private readonly key = "limner",
  ) {
    this.current = parseSettings(this.read());
  }

  get now(): Readonly<Settings> {
    return this.current;
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  change(patch: Partial<Settings>): void {
    const changed = new Set((Object.keys(patch) as (keyof Settings)[]).filter((name) => patch[name] !== this.current[name]));
    if (!changed.size) return;
    this.current = { ...this.current, ...patch };
    try {
      this.storage?.setItem(this.key, JSON.stringify(this.current));
    } catch {
      // Storage is full or refused: the page works, and forgets.
    }
    for (const listener of this.listeners) listener(this.current, changed);
  }

  private read(): string | null {
    try {
      return this.storage?.getItem(this.key) ?? null;
    } catch {
      return null;
    }
  }
}

/** The page's storage, where the browser lets it have one. */
export function pageStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
