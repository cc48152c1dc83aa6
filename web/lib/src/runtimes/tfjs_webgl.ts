/** TensorFlow.js on the graphics device, through WebGL. */

import "@tensorflow/tfjs-backend-webgl";
import { env, ready, setBackend } from "@tensorflow/tfjs-core";
import { LimnerWebError } from "../api.ts";
import type { Net, RuntimeOptions } from "./net.ts";
import { openGraph } from "./tfjs_net.ts";

export async function open({ model, variant }: RuntimeOptions): Promise<Net> {
  if (variant?.packed !== undefined) env().set("WEBGL_PACK", variant.packed);
  if (variant?.half !== undefined) env().set("WEBGL_FORCE_F16_TEXTURES", variant.half);
  if (!(await setBackend("webgl"))) throw new LimnerWebError("no-runtime", "tfjs-webgl does not start here: there is no WebGL in workers; choose another runtime");
  await ready();
  return openGraph(model, "tfjs-webgl", 1);
}
