/** Person probability from what a net leaves on the graphics device: planes.ts in the device's own language. */

import { LimnerWebError } from "../api.ts";
import type { Card } from "../card.ts";
import type { MaskShape } from "../planes.ts";
import { GridPass, Recorder } from "./passes.ts";

/** How a number is read from a buffer of 32-bit words: the value, and whether it is a number at all. */
const LOADS: Record<string, string> = {
  float32: /* wgsl */ `let bits = raw[i]; return Loaded(bitcast<f32>(bits), (bits & 0x7f800000u) != 0x7f800000u);`,
  int32: /* wgsl */ `return Loaded(f32(bitcast<i32>(raw[i])), true);`,
  int64: /* wgsl */ `return Loaded(f32(bitcast<i32>(raw[2u * i])), true);`,
  uint8: /* wgsl */ `return Loaded(f32((raw[i / 4u] >> (8u * (i % 4u))) & 255u), true);`,
};

const code = (load: string) => /* wgsl */ `
struct Numbers { size: vec2f, classes: f32, first: f32, kind: f32, number: f32, background: f32 }
struct Loaded { value: f32, sound: bool }
@group(0) @binding(0) var<uniform> n: Numbers;
@group(0) @binding(1) var<storage, read> raw: array<u32>;
@group(0) @binding(2) var<storage, read_write> map: array<u32>;
fn load(i: u32) -> Loaded { ${load} }
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  let size = vec2u(n.size);
  if (any(id.xy >= size)) { return; }
  let pixel = id.y * size.x + id.x;
  let classes = u32(n.classes);
  let between = select(1u, size.x * size.y, n.first > 0.5);
  let at = pixel * select(classes, 1u, n.first > 0.5);
  let logits = n.kind == 1.0;
  var value: f32;
  var sound = true;
  if (n.kind == 3.0) {
    let own = load(at);
    sound = own.sound;
    value = select(0.0, 1.0, (round(own.value) == n.number) != (n.background > 0.5));
  } else if (classes == 1u) {
    let own = load(at);
    sound = own.sound;
    value = select(own.value, 1.0 / (1.0 + exp(-clamp(own.value, -80.0, 80.0))), logits);
  } else {
    let own = load(at + u32(n.number) * between).value;
    var sum = 0.0;
    for (var other = 0u; other < classes; other++) {
      let one = load(at + other * between);
      sound = sound && one.sound;
      sum += exp(clamp(one.value - own, -80.0, 80.0));
    }
    value = select(own, 1.0 / sum, logits);
    value = select(value, 1.0 - value, n.background > 0.5);
  }
  map[pixel] = select(0x7fc00000u, bitcast<u32>(clamp(value, 0.0, 1.0)), sound);
}`;

const KINDS = { sigmoid: 0, logits: 1, softmax: 2, argmax: 3 } as const;

/** Whether an output is a map as it stands: one probability a pixel, in single precision. */
export function isPlain(type: string, shape: MaskShape, card: Card): boolean {
  return type === "float32" && shape.classes === 1 && (card.output.kind === "sigmoid" || card.output.kind === "softmax");
}

export class Probability {
  private constructor(
    private readonly pass: GridPass,
    private readonly recorder: Recorder,
    private readonly shape: MaskShape,
    private readonly card: Card,
    private readonly maps: [GPUBuffer, GPUBuffer],
  ) {}

  /** @throws LimnerWebError "bad-model" for outputs of a type that no map has. */
  static async make(device: GPUDevice, type: string, shape: MaskShape, card: Card): Promise<Probability> {
    const load = LOADS[type];
    if (!load) throw new LimnerWebError("bad-model", `${card.name}: output ${card.output.name} holds ${type}, which is no mask; it can hold ${Object.keys(LOADS).join(", ")}`);
    const map = () => device.createBuffer({ size: 4 * shape.rows * shape.columns, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    return new Probability(await GridPass.make(device, code(load), ["read", "write"]), new Recorder(device), shape, card, [map(), map()]);
  }

  /** @returns one float a pixel, not a number where the net gave none. Valid until the second next call: one stream may still read it while the next is served. */
  read(raw: GPUBuffer): GPUBuffer {
    const map = this.maps[0];
    this.maps.reverse();
    const { rows, columns, classes, classesFirst } = this.shape;
    const { kind, backgroundClass, personClass } = this.card.output;
    const numbers = [columns, rows, classes, classesFirst ? 1 : 0, KINDS[kind], backgroundClass ?? personClass, backgroundClass === null ? 0 : 1];
    this.recorder.compute(this.pass, columns, rows, numbers, [raw, map]);
    this.recorder.submit();
    return map;
  }
}
