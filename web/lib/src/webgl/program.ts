/** Small helpers over WebGL 2: programs with named uniforms, textures, framebuffers. */

const VERTEX = /* glsl */ `#version 300 es
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  at = corner * 0.5 + 0.5;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const HEAD = /* glsl */ `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
in vec2 at;
`;

export type Value = number | readonly number[] | WebGLTexture;

export interface Target {
  textures: WebGLTexture[];
  buffer: WebGLFramebuffer;
  width: number;
  height: number;
}

/** One fragment shader over a whole target. Rows run from the top: texture row 0 is the picture's first. */
export class Program {
  private readonly program: WebGLProgram;
  private readonly places = new Map<string, WebGLUniformLocation | null>();

  constructor(
    private readonly gl: WebGL2RenderingContext,
    fragment: string,
  ) {
    this.program = link(gl, VERTEX, HEAD + fragment);
  }

  run(target: Target | null, width: number, height: number, values: Record<string, Value>): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, target ? target.buffer : null);
    gl.viewport(0, 0, width, height);
    gl.useProgram(this.program);
    let unit = 0;
    for (const [name, value] of Object.entries(values)) {
      const place = this.place(name);
      if (place === null) continue;
      if (typeof value === "number") gl.uniform1f(place, value);
      else if (Array.isArray(value)) this.vector(place, value as readonly number[]);
      else {
        gl.activeTexture(gl.TEXTURE0 + unit);
        gl.bindTexture(gl.TEXTURE_2D, value as WebGLTexture);
        gl.uniform1i(place, unit++);
      }
    }
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    this.gl.deleteProgram(this.program);
  }

  private vector(place: WebGLUniformLocation, value: readonly number[]): void {
    if (value.length === 2) this.gl.uniform2fv(place, value);
    else if (value.length === 3) this.gl.uniform3fv(place, value);
    else this.gl.uniform4fv(place, value);
  }

  private place(name: string): WebGLUniformLocation | null {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name)!;
  }
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`shaders: ${gl.getProgramInfoLog(program)}`);
  return program;
}

export function texture(gl: WebGL2RenderingContext, filter: number = gl.LINEAR): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

/** Textures of one size to draw into, all at once. */
export function target(gl: WebGL2RenderingContext, width: number, height: number, formats: readonly number[]): Target {
  const buffer = gl.createFramebuffer();
  gl.bindFramebuffer(gl.FRAMEBUFFER, buffer);
  const textures = formats.map((format, index) => {
    const made = texture(gl);
    gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + index, gl.TEXTURE_2D, made, 0);
    return made;
  });
  gl.drawBuffers(formats.map((_, index) => gl.COLOR_ATTACHMENT0 + index));
  return { textures, buffer, width, height };
}

export function release(gl: WebGL2RenderingContext, made: Target | null): void {
  if (!made) return;
  gl.deleteFramebuffer(made.buffer);
  for (const one of made.textures) gl.deleteTexture(one);
}
