/** Graphics devices of WebGPU: asking for one, telling software from hardware, and knowing when one is gone. */

import { DeviceLost } from "../renderer.ts";

const gone = new WeakSet<GPUDevice>();
/** Who waits for something of a device, and must hear that it is gone. */
const waiting = new WeakMap<GPUDevice, Set<(loss: DeviceLost) => void>>();
const emulated = new WeakSet<GPUDevice>();
const faults = new WeakMap<GPUDevice, string>();

/** Whether an adapter is the CPU in disguise. */
export function isSoftware({ info }: GPUAdapter): boolean {
  return info?.isFallbackAdapter === true || /swiftshader|llvmpipe|software|basic render/i.test(`${info?.description} ${info?.architecture}`);
}

/** Whether WebGPU runs on hardware here. */
export async function hasHardware(): Promise<boolean> {
  try {
    const adapter = await navigator.gpu?.requestAdapter();
    return adapter != null && !isSoftware(adapter);
  } catch {
    return false;
  }
}

/** A device with all that its adapter can: nets need large buffers, and half precision where it is there. @throws Error */
export async function openDevice(): Promise<GPUDevice> {
  if (!navigator.gpu) throw new Error("this browser has no WebGPU here");
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("WebGPU finds no graphics device here");
  const requiredLimits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const limit = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof limit === "number") requiredLimits[name] = limit;
  }
  const requiredFeatures = (["shader-f16", "subgroups"] as const).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  if (isSoftware(adapter)) emulated.add(device);
  watch(device);
  return device;
}

function watch(device: GPUDevice): void {
  const heard = new Set<(loss: DeviceLost) => void>();
  waiting.set(device, heard);
  void device.lost.then(() => {
    gone.add(device);
    for (const reject of heard) reject(loss());
  });
  device.addEventListener("uncapturederror", ({ error }) => {
    if (!faults.has(device)) faults.set(device, error.message.split("\n", 1)[0]!);
  });
}

export function isEmulated(device: GPUDevice): boolean {
  return emulated.has(device);
}

export function isLost(device: GPUDevice): boolean {
  return gone.has(device);
}

/** @throws DeviceLost, or Error where the device refused something it was told: what it made since cannot be trusted. */
export function check(device: GPUDevice): void {
  if (gone.has(device)) throw loss();
  const fault = faults.get(device);
  if (fault !== undefined) throw new Error(`the graphics device failed: ${fault}`);
}

/** What `work` gives; DeviceLost where the device goes away meanwhile, even if the work never ends. */
export async function guarded<T>(device: GPUDevice, work: Promise<T>): Promise<T> {
  let reject: (loss: DeviceLost) => void = () => undefined;
  // One set of listeners, not one more `device.lost.then` a frame: those would pile up for as long as the device lives.
  const losing = new Promise<never>((_, no) => (reject = no));
  losing.catch(() => undefined);
  const heard = waiting.get(device);
  heard?.add(reject);
  try {
    if (gone.has(device)) throw loss();
    return await Promise.race([work, losing]);
  } catch (error) {
    // Work fails a moment before its device is said to be lost.
    if (!(error instanceof DeviceLost)) await Promise.race([losing, new Promise((resolve) => setTimeout(resolve, 200))]);
    throw error;
  } finally {
    heard?.delete(reject);
  }
}

function loss(): DeviceLost {
  return new DeviceLost("the graphics device was lost");
}
