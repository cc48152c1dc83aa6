/** The card of a model: what a net takes and gives. The same JSON as Limner's Python package writes and reads. */

import { LimnerWebError } from "./api.ts";

export interface InputSpec {
  name: string;
  /** Height and width, as the card has them. */
  size: readonly [number, number];
  /** Further sizes that a .onnx file can be given, for frames of other proportions. */
  otherSizes: readonly (readonly [number, number])[];
  layout: "NCHW" | "NHWC";
  /** 3, or 4 where the fourth is the mask before. */
  channels: 3 | 4;
  colorOrder: "RGB" | "BGR";
  scale: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  resize: "stretch" | "letterbox";
}

export interface OutputSpec {
  name: string;
  kind: "sigmoid" | "logits" | "softmax" | "argmax";
  personClass: number;
  /** "All but this class is a person", where a card says so. */
  backgroundClass: number | null;
}

export interface Card {
  name: string;
  file: string;
  sha256: string | null;
  summary: string;
  licence: string;
  input: InputSpec;
  output: OutputSpec;
  /** Names of the input and output that carry the mask from frame to frame, where it has its own. */
  state: { input: string; output: string } | null;
}

type Json = Record<string, unknown>;

/** @throws LimnerWebError "bad-model": the card cannot be used here; the message names the field. */
export function parseCard(text: string, where: string): Card {
  const card = read(() => JSON.parse(text) as unknown, `${where} is not JSON`);
  if (!isObject(card)) throw bad(`${where} is no card: it must be a JSON object`);
  const field = new Fields(card, where);
  if (field.take("task", "segment") !== "segment") {
    throw bad(`${where}: task is ${JSON.stringify(card.task)}; only nets that find a person work here`);
  }
  for (const name of ["states", "constants", "crop"]) {
    if (card[name] != null) throw bad(`${where}: ${name} works in Limner's Python package only; export a net that needs none`);
  }
  const input = new Fields(field.object("input"), `${where}: input`);
  const output = new Fields(field.object("output"), `${where}: output`);
  if (output.take("person_classes", null) !== null) {
    throw bad(`${where}: output: person_classes works in Limner's Python package only; say person_class or background_class`);
  }
  const state = card.state == null ? null : new Fields(field.object("state"), `${where}: state`);
  return {
    name: field.text("name"),
    file: fileName(field.text("file"), where),
    sha256: typeof card.sha256 === "string" ? card.sha256 : null,
    summary: String(card.summary ?? ""),
    licence: String(card.licence ?? ""),
    input: {
      name: input.text("name"),
      size: input.size("size"),
      otherSizes: input.sizes("other_sizes"),
      layout: input.choice("layout", ["NCHW", "NHWC"]),
      channels: input.choice("channels", [3, 4]),
      colorOrder: input.choice("color_order", ["RGB", "BGR"]),
      scale: input.positive("scale"),
      mean: input.triple("mean"),
      std: input.triple("std"),
      resize: input.choice("resize", ["stretch", "letterbox"]),
    },
    output: {
      name: output.text("name"),
      kind: output.choice("kind", ["sigmoid", "logits", "softmax", "argmax"]),
      personClass: output.index("person_class") ?? 0,
      backgroundClass: output.index("background_class"),
    },
    state: state && { input: state.text("input"), output: state.text("output") },
  };
}

class Fields {
  constructor(
    private readonly values: Json,
    private readonly where: string,
  ) {}

  take(name: string, otherwise: unknown): unknown {
    return this.values[name] ?? otherwise;
  }

  object(name: string): Json {
    const value = this.values[name];
    if (!isObject(value)) throw bad(`${this.where}: ${name} is missing`);
    return value;
  }

  text(name: string): string {
    const value = this.values[name];
    if (typeof value !== "string" || !value) throw bad(`${this.where}: ${name} must be a text`);
    return value;
  }

  positive(name: string): number {
    const value = this.values[name];
    if (typeof value !== "number" || !(value > 0)) throw bad(`${this.where}: ${name} must be a number above 0`);
    return value;
  }

  index(name: string): number | null {
    const value = this.values[name];
    if (value == null) return null;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
      throw bad(`${this.where}: ${name} must be a whole number, 0 or more`);
    }
    return value;
  }

  choice<T extends string | number>(name: string, known: readonly T[]): T {
    const value = this.values[name] as T;
    if (!known.includes(value)) {
      throw bad(`${this.where}: ${name} is ${JSON.stringify(value)}; here it can be ${known.join(", ")}`);
    }
    return value;
  }

  size(name: string, value = this.values[name]): readonly [number, number] {
    const good = Array.isArray(value) && value.length === 2 && value.every((side) => Number.isInteger(side) && side >= 16 && side <= 2048);
    if (!good) throw bad(`${this.where}: ${name} must be [height, width], each 16 to 2048`);
    return value as [number, number];
  }

  /** None where the field is left out. */
  sizes(name: string): (readonly [number, number])[] {
    const value = this.take(name, []);
    if (!Array.isArray(value)) throw bad(`${this.where}: ${name} must be a list of [height, width]`);
    return value.map((size: unknown) => this.size(name, size));
  }

  triple(name: string): readonly [number, number, number] {
    const value = this.values[name];
    const good = Array.isArray(value) && value.length === 3 && value.every((number) => Number.isFinite(number));
    if (!good) throw bad(`${this.where}: ${name} must be three numbers`);
    return value as [number, number, number];
  }
}

/** The name of a file beside the card, or of the graph in a folder beside it, and nothing that leads elsewhere. */
function fileName(name: string, where: string): string {
  const plain = name.replace(/(?<=\.tfjs)\/model\.json$/, "");
  if (/[\\/:?#%]/.test(plain) || name.startsWith(".")) throw bad(`${where}: file must be a plain file name, not ${name}`);
  return name;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function read<T>(what: () => T, message: string): T {
  try {
    return what();
  } catch (cause) {
    throw new LimnerWebError("bad-model", message, { cause });
  }
}

function bad(message: string): LimnerWebError {
  return new LimnerWebError("bad-model", message);
}
