/** The WebGPU renderer: on the net's own device nothing is read back, neither the picture nor the net's input and map. */

import type { Look } from "../api.ts";
import type { InputSpec } from "../card.ts";
import { cover, EFFECT_NUMBERS, look as lookNumbers, spreads } from "../look.ts";
import { mapSize, place } from "../placement.ts";
import type { FrameSource, Renderer, Slot } from "../renderer.ts";
import type { MaskMap } from "../runtimes/net.ts";
import { Background } from "./background.ts";
import { check, isLost, openDevice } from "./device.ts";
import { Frames } from "./frames.ts";
import { Maps } from "./maps.ts";
import { DrawPass, GridPass, Recorder, release, target, type Target } from "./passes.ts";
import { Reader } from "./reader.ts";
import { AVERAGE, BLUR, COMPOSE, FIT, INPUT, MATTE, PART, SHRINK, STEADY } from "./shaders.ts";

type Canvas = OffscreenCanvas | HTMLCanvasElement;

const HALF = "rgba16float";

async function compile(device: GPUDevice, canvas: GPUTextureFormat) {
  const composed = ["sampler", "sampler", "texture", "texture", "texture", "texture", "texture", "texture", "read"] as const;
  const [shrink, input, steady, fit, average, full, part, blur, compose, matte] = await Promise.all([
    DrawPass.make(device, SHRINK, ["sampler", "texture"], ["rgba8unorm"]),
    GridPass.make(device, INPUT, ["sampler", "texture", "write"]),
    DrawPass.make(device, STEADY, ["sampler", "texture", "texture", "texture", "texture", "read"], [HALF, HALF]),
    DrawPass.make(device, FIT, ["texture", "texture"], [HALF]),
    DrawPass.make(device, AVERAGE, ["texture"], [HALF]),
    DrawPass.make(device, MATTE, ["sampler", "texture", "texture", "texture", "texture", "read"], ["r16float"]),
    DrawPass.make(device, PART, ["sampler", "texture", "texture", "texture"], [HALF, HALF]),
    DrawPass.make(device, BLUR, ["sampler", "texture", "texture"], [HALF, HALF]),
    DrawPass.make(device, COMPOSE, composed, [canvas]),
    DrawPass.make(device, COMPOSE, composed, ["r8unorm"]),
  ]);
  return { shrink, input, steady, fit, average, full, part, blur, compose, matte };
}

/** What is as large as the map on which edges are fitted. */
interface Small {
  color: Target;
  states: [Target, Target];
  functions: [Target, Target];
  parts: [Target, Target];
}

interface Parts {
  passes: Awaited<ReturnType<typeof compile>>;
  recorder: Recorder;
  linear: GPUSampler;
  minified: GPUSampler;
  frames: Frames;
  maps: Maps;
  background: Background;
}

export class WebGPURenderer implements Renderer {
  readonly name = "webgpu";
  readonly lost: Promise<unknown>;
  private readonly inputs: [GPUBuffer | null, GPUBuffer | null] = [null, null];
  private readonly nothing: Target;
  private readonly reader: Reader;
  private input: Target | null = null;
  private small: Small | null = null;
  /** Mattes of the frame's size; the first is the last one made. */
  private mattes: [Target, Target] | null = null;
  /** What the mattes before were asked for. */
  private told = { threshold: 0, steepness: 0 };
  private shown: Slot = 0;
  private first = true;
  private masked = false;

  private constructor(
    private readonly canvas: Canvas,
    private readonly context: GPUCanvasContext,
    private readonly device: GPUDevice,
    /** Whether the device is the net's: it lives on then, and takes the net's input. */
    private readonly shared: boolean,
    private readonly parts: Parts,
  ) {
    this.lost = device.lost;
    this.reader = new Reader(device);
    this.nothing = target(device, 1, 1, ["rgba8unorm"]);
  }

  /** @param shared the net's device, or null where the net runs on the CPU. @throws Error where WebGPU does not work here. */
  static async open(canvas: Canvas, shared: GPUDevice | null): Promise<WebGPURenderer> {
    const device = shared ?? (await openDevice());
    check(device);
    const context = canvas.getContext("webgpu") as GPUCanvasContext | null;
    if (!context) throw new Error("this canvas cannot be drawn into with WebGPU");
    const format = navigator.gpu.getPreferredCanvasFormat();
    context.configure({ device, format, alphaMode: "premultiplied" });
    const recorder = new Recorder(device);
    const linear = device.createSampler({ magFilter: "linear", minFilter: "linear" });
    const minified = device.createSampler({ magFilter: "linear", minFilter: "linear", mipmapFilter: "linear" });
    const made = await compile(device, format);
    const [frames, maps, background] = await Promise.all([Frames.make(device, recorder, linear), Maps.make(device, recorder), Background.make(device, recorder, linear, made.shrink)]);
    return new WebGPURenderer(canvas, context, device, shared !== null, { passes: made, recorder, linear, minified, frames, maps, background });
  }

  /** The map of the matte made last, for nets that are told the mask before. */
  get kept(): GPUBuffer | null {
    return this.shared ? this.parts.maps.kept : null;
  }

  upload(slot: Slot, frame: FrameSource, width: number, height: number): void {
    check(this.device);
    this.parts.frames.put(slot, frame, width, height);
  }

  async pixels(slot: Slot, spec: InputSpec): Promise<Uint8Array> {
    check(this.device);
    const [rows, columns] = spec.size;
    if (this.input?.width !== columns || this.input.height !== rows) {
      release(this.input);
      this.input = target(this.device, columns, rows, ["rgba8unorm"], GPUTextureUsage.COPY_SRC);
    }
    this.shrink(this.parts.frames.get(slot)!, this.input, spec);
    this.parts.recorder.submit();
    return this.reader.texture(this.input.textures[0]!, 4);
  }

  tensor(slot: Slot, spec: InputSpec): GPUBuffer | null {
    if (!this.shared) return null;
    check(this.device);
    const { passes, recorder, linear, frames } = this.parts;
    const held = frames.get(slot)!;
    const [rows, columns] = spec.size;
    const size = Math.ceil((4 * rows * columns * spec.channels) / 16) * 16;
    if (this.inputs[slot]?.size !== size) {
      this.inputs[slot]?.destroy();
      this.inputs[slot] = this.device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
    }
    const gain = spec.std.map((std) => (255 * spec.scale) / std);
    const offset = spec.mean.map((mean, channel) => -mean / spec.std[channel]!);
    const flags = [spec.layout === "NCHW" ? 1 : 0, spec.colorOrder === "BGR" ? 1 : 0];
    const numbers = [...boxOf(held, spec), held.width, held.height, columns, rows, ...gain, spec.channels, ...offset, ...flags];
    recorder.compute(passes.input, columns, rows, numbers, [linear, held.views[0]!, this.inputs[slot]]);
    recorder.submit();
    return this.inputs[slot];
  }

  mask(slot: Slot, map: MaskMap, spec: InputSpec, look: Look): void {
    check(this.device);
    const { passes, recorder, linear, frames, maps } = this.parts;
    const held = frames.get(slot)!;
    const small = this.fitTargets(...mapSize(held.width, held.height));
    const { width, height } = small.color;
    const color = small.color.views[0]!;
    maps.take(map);
    this.shrink(held, small.color, null);
    const [before, after] = small.states;
    const { steepness, least } = lookNumbers(look);
    if (look.threshold !== this.told.threshold) this.first = true; // asks for another map, at once
    const numbers = [...boxOf(held, spec), 1 / width, 1 / height, this.first ? 1 : 0, look.threshold, look.hysteresis, least];
    recorder.draw(passes.steady, after, numbers, [linear, maps.view, color, before.views[0]!, before.views[1]!, maps.unsound]);
    small.states = [after, before];
    recorder.draw(passes.fit, small.functions[0], [steepness], [color, after.views[1]!]);
    recorder.draw(passes.average, small.functions[1], [], [small.functions[0].views[0]!]);
    this.fullSize(held, small, this.first || steepness !== this.told.steepness);
    recorder.submit();
    this.told = { threshold: look.threshold, steepness };
    this.shown = slot;
    this.first = false;
    this.masked = true;
  }

  draw(look: Look): void {
    check(this.device);
    const held = this.parts.frames.get(this.shown);
    if (!this.masked || !held) return this.hide();
    if (this.canvas.width !== held.width) this.canvas.width = held.width;
    if (this.canvas.height !== held.height) this.canvas.height = held.height;
    this.compose(this.parts.passes.compose, look, look.mirror, held, () => this.context.getCurrentTexture().createView());
  }

  hide(): void {
    this.clear([0.5, 0.5, 0.5, 1]);
  }

  reset(): void {
    this.first = true;
    this.masked = false;
    this.parts.frames.wipe();
    this.clear([0, 0, 0, 0]);
  }

  async matte(look: Look): Promise<{ width: number; height: number; data: Uint8Array }> {
    check(this.device);
    const held = this.parts.frames.get(this.shown);
    if (!this.masked || !held) throw new Error("there is no matte yet");
    const { width, height } = held;
    const whole = target(this.device, width, height, ["r8unorm"], GPUTextureUsage.COPY_SRC);
    const reader = new Reader(this.device); // the other one may be in use
    try {
      this.compose(this.parts.passes.matte, { ...look, effect: "mask" }, false, held, () => whole.views[0]!);
      return { width, height, data: await reader.texture(whole.textures[0]!, 1) };
    } finally {
      release(whole);
      reader.dispose();
    }
  }

  dispose(): void {
    this.context.unconfigure();
    if (!this.shared) return this.device.destroy();
    const { frames, maps, background, recorder } = this.parts;
    frames.wipe();
    maps.dispose();
    background.dispose();
    recorder.dispose();
    this.reader.dispose();
    for (const buffer of this.inputs) buffer?.destroy();
    for (const made of [this.input, this.nothing, ...targets(this.small), ...(this.mattes ?? [])]) release(made);
  }

  private compose(pass: DrawPass, look: Look, mirror: boolean, held: Target, into: () => GPUTextureView): void {
    const { passes, recorder, linear, minified, background, maps } = this.parts;
    const { color, states, functions, parts } = this.small!;
    const [matte] = this.mattes!;
    const { width, height } = color;
    if (look.effect !== "none" && look.effect !== "mask") {
      const [a, b] = parts;
      recorder.draw(passes.part, a, [1 / width, 1 / height], [linear, color.views[0]!, functions[1].views[0]!, states[0].views[1]!]);
      for (const [from, to, direction] of [[a, b, [1 / width, 0]], [b, a, [0, 1 / height]]] as const) {
        recorder.draw(passes.blur, to, [1 / width, 1 / height, ...direction, ...spreads(look, width, height)], [linear, from.views[0]!, from.views[1]!]);
      }
    }
    const behind = look.effect === "replace" && look.background ? background.get(look.background) : null;
    const fill = look.effect === "replace" ? [0.5, 0.5, 0.5] : lookNumbers(look).color;
    const share = behind ? cover(behind.of.width, behind.of.height, held.width, held.height) : [1, 1];
    const flags = [behind ? 1 : 0, look.softness <= 0 ? 1 : 0, look.lightWrap, mirror ? 1 : 0];
    const nothing = this.nothing.views[0]!;
    const bound = [held.views[0]!, matte.views[0]!, parts[0].views[0]!, parts[0].views[1]!, behind?.view ?? nothing, behind?.light.views[0] ?? nothing];
    recorder.draw(pass, { views: [into()] }, [...fill, EFFECT_NUMBERS[look.effect], held.width, held.height, ...share, ...flags], [linear, minified, ...bound, maps.unsound]);
    recorder.submit();
  }

  private fullSize(held: Target, { functions, states }: Small, first: boolean): void {
    const { passes, recorder, linear, maps } = this.parts;
    const { width, height } = held;
    if (this.mattes?.[0].width !== width || this.mattes[0].height !== height) {
      for (const made of this.mattes ?? []) release(made);
      this.mattes = [target(this.device, width, height, ["r16float"]), target(this.device, width, height, ["r16float"])];
      first = true;
    }
    const [before, after] = this.mattes;
    const bound = [linear, held.views[0]!, functions[1].views[0]!, states[0].views[1]!, before.views[0]!, maps.unsound];
    recorder.draw(passes.full, after, [1 / width, 1 / height, first ? 1 : 0], bound);
    this.mattes = [after, before];
  }

  /** @param spec where the frame lies in the target; null for all of it. */
  private shrink(held: Target, into: Target, spec: InputSpec | null): void {
    const { passes, recorder, linear } = this.parts;
    recorder.draw(passes.shrink, into, [...boxOf(held, spec), held.width, held.height, into.width, into.height], [linear, held.views[0]!]);
  }

  private clear([r, g, b, a]: [number, number, number, number]): void {
    if (isLost(this.device)) return; // nothing is left to be seen
    const view = this.context.getCurrentTexture().createView();
    const pass = this.parts.recorder.commands.beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store", clearValue: { r, g, b, a } }] });
    pass.end();
    this.parts.recorder.submit();
  }

  /** Targets of the map's size; a frame of other proportions begins a new clip. */
  private fitTargets(width: number, height: number): Small {
    if (this.small?.color.width === width && this.small.color.height === height) return this.small;
    for (const made of targets(this.small)) release(made);
    const pair = (formats: GPUTextureFormat[]): [Target, Target] => [target(this.device, width, height, formats), target(this.device, width, height, formats)];
    this.small = { color: target(this.device, width, height, ["rgba8unorm"]), states: pair([HALF, HALF]), functions: pair([HALF]), parts: pair([HALF, HALF]) };
    this.first = true;
    return this.small;
  }
}

function targets(small: Small | null): Target[] {
  return small ? [small.color, ...small.states, ...small.functions, ...small.parts] : [];
}

function boxOf(held: Target, spec: InputSpec | null): [number, number, number, number] {
  const { left, top, width, height } = spec ? place(held.width, held.height, spec) : { left: 0, top: 0, width: 1, height: 1 };
  return [left, top, width, height];
}
