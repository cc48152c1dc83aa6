/** Chooses what draws, and loads it. */

import { LimnerWebError, type RendererName } from "../api.ts";
import type { Renderer } from "../renderer.ts";
import type { Net } from "../runtimes/net.ts";
import { hasHardware, isEmulated } from "../webgpu/device.ts";
import { emulated } from "../webgl/emulated.ts";

type Canvas = OffscreenCanvas | HTMLCanvasElement;

const OPENERS: Partial<Record<RendererName, (canvas: Canvas, net: Net) => Promise<Renderer>>> = {
  webgpu: async (canvas, net) => (await import("../webgpu/renderer.ts")).WebGPURenderer.open(canvas, net.device),
  webgl2: async (canvas) => new (await import("../webgl/renderer.ts")).WebGLRenderer(canvas),
  canvas: async (canvas) => new (await import("../canvas/renderer.ts")).CanvasRenderer(canvas),
};

/** A canvas has one kind of context for its life, so what may work is tried on canvases of our own first. */
export async function openRenderer(name: RendererName | "auto", canvas: Canvas, net: Net): Promise<Renderer> {
  if (name !== "auto") return opened(name, canvas, net);
  for (const candidate of ["webgpu", "webgl2", "canvas"] as const) {
    if (!OPENERS[candidate] || (candidate === "webgpu" && !(await onHardware(net)))) continue;
    if (candidate === "webgl2" && emulated()) continue; // the CPU draws sooner by itself than through an emulated device
    try {
      (await opened(candidate, new OffscreenCanvas(16, 16), net)).dispose();
    } catch {
      continue;
    }
    return opened(candidate, canvas, net);
  }
  throw new LimnerWebError("no-renderer", "Nothing can be drawn in this browser: it has neither WebGPU, WebGL 2 nor a plain canvas in workers");
}

/** Emulated WebGPU is the slowest of all: it draws only where it is asked for by name. */
async function onHardware({ device }: Net): Promise<boolean> {
  return device ? !isEmulated(device) : hasHardware();
}

async function opened(name: RendererName, canvas: Canvas, net: Net): Promise<Renderer> {
  const open = OPENERS[name];
  if (!open) throw new LimnerWebError("bad-option", `There is no renderer ${name}; there are ${Object.keys(OPENERS).join(", ")}`);
  try {
    return await open(canvas, net);
  } catch (cause) {
    throw new LimnerWebError("no-renderer", `${name} does not work here: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
