/** Writes the mask before into a net's input on the graphics device, as its fourth channel. */

import type { InputSpec } from "../card.ts";
import type { Placement } from "../placement.ts";
import { GridPass, Recorder } from "./passes.ts";

const CODE = /* wgsl */ `
struct Numbers { box: vec4f, size: vec2f, planar: f32, has: f32 }
@group(0) @binding(0) var<uniform> n: Numbers;
@group(0) @binding(1) var<storage, read> previous: array<f32>;
@group(0) @binding(2) var<storage, read_write> tensor: array<f32>;
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  let size = vec2u(n.size);
  if (any(id.xy >= size)) { return; }
  let pixel = id.y * size.x + id.x;
  let at = ((vec2f(id.xy) + 0.5) / n.size - n.box.xy) / n.box.zw;
  let outside = any(at < vec2f(0.0)) || any(at > vec2f(1.0));
  tensor[select(4u * pixel + 3u, 3u * size.x * size.y + pixel, n.planar > 0.5)] = select(previous[pixel], 0.0, outside || n.has < 0.5);
}`;

export class Prior {
  private constructor(
    private readonly spec: InputSpec,
    private readonly pass: GridPass,
    private readonly recorder: Recorder,
    private readonly nothing: GPUBuffer,
  ) {}

  static async make(device: GPUDevice, spec: InputSpec): Promise<Prior> {
    const nothing = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
    return new Prior(spec, await GridPass.make(device, CODE, ["read", "write"]), new Recorder(device), nothing);
  }

  /** @param previous one float a pixel of the input; null where there is none. Around the frame the net sees 0. */
  write(into: GPUBuffer, previous: GPUBuffer | null, box: Placement): void {
    const [rows, columns] = this.spec.size;
    const numbers = [box.left, box.top, box.width, box.height, columns, rows, this.spec.layout === "NCHW" ? 1 : 0, previous ? 1 : 0];
    this.recorder.compute(this.pass, columns, rows, numbers, [previous ?? this.nothing, into]);
    this.recorder.submit();
  }
}
