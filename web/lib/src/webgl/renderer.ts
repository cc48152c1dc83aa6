/** The WebGL 2 renderer: everything but the net itself stays on the graphics device. */

import type { Look } from "../api.ts";
import type { InputSpec } from "../card.ts";
import { cover, EFFECT_NUMBERS, look as lookNumbers, spreads } from "../look.ts";
import { mapSize, place } from "../placement.ts";
import type { MaskMap } from "../runtimes/net.ts";
import { DeviceLost, type FrameSource, type Renderer, type Slot } from "../renderer.ts";
import { Program, release, target, texture, type Target } from "./program.ts";
import { Reader } from "./reader.ts";
import { AVERAGE, BLUR, COMPOSE, FIT, MATTE, PART, SHRINK, STEADY } from "./shaders.ts";

interface Held {
  texture: WebGLTexture;
  width: number;
  height: number;
  /** Of the frame's own pixels, which may be fewer than are shown, and turned. */
  pixels: string;
}

export class WebGLRenderer implements Renderer {
  readonly name = "webgl2";
  readonly lost: Promise<unknown>;
  private readonly gl: WebGL2RenderingContext;
  private readonly programs: Record<"shrink" | "steady" | "fit" | "average" | "matte" | "part" | "blur" | "compose", Program>;
  private readonly frames: [Held | null, Held | null] = [null, null];
  private readonly reader: Reader;
  private readonly maps: WebGLTexture;
  private input: Target | null = null;
  private small: Target | null = null;
  private states: [Target, Target] | null = null;
  private functions: [Target, Target] | null = null;
  private parts: [Target, Target] | null = null;
  /** Of the frame's size; the first is the last one made. */
  private mattes: [Target, Target] | null = null;
  /** What the mattes before were asked for. */
  private told = { threshold: 0, steepness: 0 };
  private readonly nothing: WebGLTexture;
  private picture: { of: ImageBitmap; texture: WebGLTexture; light: Target } | null = null;
  private shown: Slot = 0;
  private first = true;
  private masked = false;

  /** @throws Error where the canvas gives no WebGL 2 that can draw into float textures. */
  constructor(private readonly canvas: OffscreenCanvas | HTMLCanvasElement) {
    const options = { alpha: true, premultipliedAlpha: true, antialias: false, depth: false, stencil: false, preserveDrawingBuffer: true, powerPreference: "high-performance" as const };
    const gl = canvas.getContext("webgl2", options) as WebGL2RenderingContext | null;
    if (!gl) throw new Error("this browser has no WebGL 2 here");
    this.lost = new Promise((resolve) => {
      canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault(); // so that it is restored
        resolve(undefined);
      });
    });
    if (gl.isContextLost()) throw new DeviceLost("the graphics device was lost");
    if (!gl.getExtension("EXT_color_buffer_float") && !gl.getExtension("EXT_color_buffer_half_float")) throw new Error("this graphics device cannot draw into float textures");
    this.gl = gl;
    this.programs = {
      shrink: new Program(gl, SHRINK),
      steady: new Program(gl, STEADY),
      fit: new Program(gl, FIT),
      average: new Program(gl, AVERAGE),
      matte: new Program(gl, MATTE),
      part: new Program(gl, PART),
      blur: new Program(gl, BLUR),
      compose: new Program(gl, COMPOSE),
    };
    this.reader = new Reader(gl);
    this.maps = texture(gl);
    this.nothing = texture(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  upload(slot: Slot, frame: FrameSource, width: number, height: number): void {
    this.alive();
    const { gl } = this;
    let held = this.frames[slot];
    const pixels = pixelsOf(frame);
    if (held && (held.width !== width || held.height !== height || held.pixels !== pixels)) {
      gl.deleteTexture(held.texture);
      held = null;
    }
    const fresh = !held;
    held ??= { texture: texture(gl), width, height, pixels };
    this.frames[slot] = held;
    gl.bindTexture(gl.TEXTURE_2D, held.texture);
    if (fresh) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, frame as TexImageSource);
    else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, frame as TexImageSource);
  }

  async pixels(slot: Slot, spec: InputSpec): Promise<Uint8Array> {
    this.alive();
    const { gl } = this;
    const [rows, columns] = spec.size;
    if (this.input?.width !== columns || this.input.height !== rows) {
      release(gl, this.input);
      this.input = target(gl, columns, rows, [gl.RGBA8]);
    }
    const held = this.frames[slot]!;
    const box = place(held.width, held.height, spec);
    this.shrink(held, this.input, [box.left, box.top, box.width, box.height]);
    return this.reader.read(this.input);
  }

  tensor(): null {
    return null;
  }

  mask(slot: Slot, map: MaskMap, spec: InputSpec, look: Look): void {
    this.alive();
    const { gl } = this;
    const held = this.frames[slot]!;
    this.fitTargets(...mapSize(held.width, held.height));
    const { width, height } = this.small!;
    gl.bindTexture(gl.TEXTURE_2D, this.maps);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16F, map.columns, map.rows, 0, gl.RED, gl.FLOAT, map.values!);
    this.shrink(held, this.small!, [0, 0, 1, 1]);
    const box = place(held.width, held.height, spec);
    const [before, after] = this.states!;
    const { steepness, least } = lookNumbers(look);
    if (look.threshold !== this.told.threshold) this.first = true; // asks for another map, at once
    this.programs.steady.run(after, width, height, {
      map: this.maps,
      small: this.small!.textures[0]!,
      beforeColor: before.textures[0]!,
      beforeState: before.textures[1]!,
      box: [box.left, box.top, box.width, box.height],
      texel: [1 / width, 1 / height],
      first: this.first ? 1 : 0,
      threshold: look.threshold,
      hysteresis: look.hysteresis,
      least,
    });
    this.states = [after, before];
    this.programs.fit.run(this.functions![0], width, height, { small: this.small!.textures[0]!, state: after.textures[1]!, steepness });
    this.programs.average.run(this.functions![1], width, height, { source: this.functions![0].textures[0]! });
    this.fullSize(held, after, this.first || steepness !== this.told.steepness);
    this.told = { threshold: look.threshold, steepness };
    this.shown = slot;
    this.first = false;
    this.masked = true;
  }

  draw(look: Look): void {
    this.alive();
    const held = this.frames[this.shown];
    if (!this.masked || !held) return this.hide();
    this.resize(held.width, held.height);
    this.compose(look, look.mirror, null);
  }

  hide(): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clearColor(0.5, 0.5, 0.5, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  reset(): void {
    const { gl } = this;
    this.first = true;
    this.masked = false;
    for (const held of this.frames) if (held) gl.deleteTexture(held.texture);
    this.frames[0] = this.frames[1] = null;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  async matte(look: Look): Promise<{ width: number; height: number; data: Uint8Array }> {
    this.alive();
    const { gl } = this;
    const held = this.frames[this.shown];
    if (!this.masked || !held) throw new Error("there is no matte yet");
    const whole = target(gl, held.width, held.height, [gl.RGBA8]);
    this.compose({ ...look, effect: "mask" }, false, whole);
    const rgba = await new Reader(gl).read(whole); // the other one may be in use
    release(gl, whole);
    const data = new Uint8Array(held.width * held.height);
    // The last pass turns the picture over for the canvas, whose rows run from the bottom.
    for (let y = 0; y < held.height; y++) {
      const row = (held.height - 1 - y) * held.width;
      for (let x = 0; x < held.width; x++) data[y * held.width + x] = rgba[4 * (row + x)]!;
    }
    return { width: held.width, height: held.height, data };
  }

  dispose(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private compose(look: Look, mirror: boolean, into: Target | null): void {
    const held = this.frames[this.shown]!;
    const { width, height } = this.small!;
    const numbers = lookNumbers(look);
    if (look.effect !== "none" && look.effect !== "mask") {
      const [a, b] = this.parts!;
      this.programs.part.run(a, width, height, { small: this.small!.textures[0]!, functions: this.functions![1].textures[0]!, state: this.states![0].textures[1]! });
      const [sigma1, sigma2] = spreads(look, width, height);
      for (const [from, to, direction] of [[a, b, [1 / width, 0]], [b, a, [0, 1 / height]]] as const) {
        this.programs.blur.run(to, width, height, { first: from.textures[0]!, second: from.textures[1]!, direction, sigma1, sigma2 });
      }
    }
    const picture = look.effect === "replace" && look.background ? this.behind(look.background) : null;
    this.programs.compose.run(into, held.width, held.height, {
      frame: held.texture,
      matte: this.mattes![0].textures[0]!,
      person: this.parts![0].textures[0]!,
      rest: this.parts![0].textures[1]!,
      picture: picture?.texture ?? this.nothing,
      light: picture?.light.textures[0] ?? this.nothing,
      effect: EFFECT_NUMBERS[look.effect],
      fill: look.effect === "replace" ? [0.5, 0.5, 0.5] : numbers.color,
      cover: picture ? cover(picture.of.width, picture.of.height, held.width, held.height) : [1, 1],
      hasPicture: picture ? 1 : 0,
      hard: look.softness <= 0 ? 1 : 0,
      wrap: look.lightWrap,
      mirror: mirror ? 1 : 0,
    });
  }

  private fullSize(held: Held, state: Target, first: boolean): void {
    const { gl } = this;
    const { width, height } = held;
    if (this.mattes?.[0].width !== width || this.mattes[0].height !== height) {
      for (const made of this.mattes ?? []) release(gl, made);
      this.mattes = [target(gl, width, height, [gl.R16F]), target(gl, width, height, [gl.R16F])];
      first = true;
    }
    const [before, after] = this.mattes;
    this.programs.matte.run(after, width, height, {
      frame: held.texture,
      functions: this.functions![1].textures[0]!,
      state: state.textures[1]!,
      before: before.textures[0]!,
      first: first ? 1 : 0,
    });
    this.mattes = [after, before];
  }

  /** The picture behind the person, and its light: the same, blurred. */
  private behind(bitmap: ImageBitmap): NonNullable<WebGLRenderer["picture"]> {
    const { gl } = this;
    if (this.picture?.of === bitmap) return this.picture;
    if (this.picture) {
      gl.deleteTexture(this.picture.texture);
      release(gl, this.picture.light);
    }
    const made = texture(gl);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    const light = target(gl, 32, 18, [gl.RGBA8]);
    this.programs.shrink.run(light, 32, 18, { source: made, sourceSize: [bitmap.width, bitmap.height], targetSize: [32, 18], box: [0, 0, 1, 1] });
    return (this.picture = { of: bitmap, texture: made, light });
  }

  private shrink(held: Held, into: Target, box: readonly [number, number, number, number]): void {
    this.programs.shrink.run(into, into.width, into.height, {
      source: held.texture,
      sourceSize: [held.width, held.height],
      targetSize: [into.width, into.height],
      box,
    });
  }

  /** Targets of the map's size; a frame of other proportions begins a new clip. */
  private fitTargets(width: number, height: number): void {
    const { gl } = this;
    if (this.small?.width === width && this.small.height === height) return;
    for (const made of [this.small, ...(this.states ?? []), ...(this.functions ?? []), ...(this.parts ?? [])]) release(gl, made);
    this.small = target(gl, width, height, [gl.RGBA8]);
    const pair = (formats: number[]): [Target, Target] => [target(gl, width, height, formats), target(gl, width, height, formats)];
    this.states = pair([gl.RGBA16F, gl.RGBA16F]);
    this.functions = pair([gl.RGBA16F]);
    this.parts = pair([gl.RGBA16F, gl.RGBA16F]);
    this.first = true;
  }

  private resize(width: number, height: number): void {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  private alive(): void {
    if (this.gl.isContextLost()) throw new DeviceLost("the graphics device was lost");
  }
}

function pixelsOf(frame: FrameSource): string {
  if (!("visibleRect" in frame)) return "";
  const rect = frame.visibleRect;
  return `${rect?.width}x${rect?.height} ${(frame as { rotation?: number }).rotation ?? 0}`;
}
