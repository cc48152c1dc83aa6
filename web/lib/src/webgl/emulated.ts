/** Tells WebGL in software from WebGL on a graphics device. */

/** Whether WebGL here is the CPU in disguise. */
export function emulated(): boolean {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl && named ? String(gl.getParameter(named.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
}
