/** Small helpers over WebGPU: passes that draw over whole targets or compute over grids, and the numbers that they take. */

export interface Target {
  textures: GPUTexture[];
  views: GPUTextureView[];
  width: number;
  height: number;
}

/** Textures of one size to draw into, all at once. */
export function target(device: GPUDevice, width: number, height: number, formats: readonly GPUTextureFormat[], usage = 0): Target {
  const textures = formats.map((format) => device.createTexture({ size: [width, height], format, usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.TEXTURE_BINDING | usage }));
  return { textures, views: textures.map((one) => one.createView()), width, height };
}

export function release(made: Target | null): void {
  for (const one of made?.textures ?? []) one.destroy();
}

/** What a pass reads and writes beside its numbers, by the order of its bindings after the numbers. */
export type Kind = "texture" | "sampler" | "external" | "read" | "write" | "store";
export type Bound = GPUTextureView | GPUSampler | GPUExternalTexture | GPUBuffer;

const ENTRIES: Record<Kind, Omit<GPUBindGroupLayoutEntry, "binding" | "visibility">> = {
  texture: { texture: {} },
  sampler: { sampler: {} },
  external: { externalTexture: {} },
  read: { buffer: { type: "read-only-storage" } },
  write: { buffer: { type: "storage" } },
  store: { storageTexture: { format: "rgba16float", access: "write-only" } },
};

const VERTEX = /* wgsl */ `
@vertex fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  return vec4f(select(-1.0, 3.0, index == 1u), select(-1.0, 3.0, index == 2u), 0.0, 1.0);
}
`;

abstract class Pass {
  protected readonly layout: GPUBindGroupLayout;

  constructor(
    protected readonly device: GPUDevice,
    kinds: readonly Kind[],
    visibility: number,
  ) {
    const entries: GPUBindGroupLayoutEntry[] = [{ binding: 0, visibility, buffer: { type: "uniform" } }];
    kinds.forEach((kind, index) => entries.push({ binding: index + 1, visibility, ...ENTRIES[kind] }));
    this.layout = device.createBindGroupLayout({ entries });
  }

  protected pipelineLayout(): GPUPipelineLayout {
    return this.device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
  }

  protected group(numbers: GPUBufferBinding, bound: readonly Bound[]): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: numbers }];
    bound.forEach((one, index) => entries.push({ binding: index + 1, resource: one instanceof GPUBuffer ? { buffer: one } : one }));
    return this.device.createBindGroup({ layout: this.layout, entries });
  }
}

/** One fragment shader (`shade`) over a whole target. Rows run from the top. */
export class DrawPass extends Pass {
  private pipeline!: GPURenderPipeline;

  static async make(device: GPUDevice, code: string, kinds: readonly Kind[], formats: readonly GPUTextureFormat[]): Promise<DrawPass> {
    const pass = new DrawPass(device, kinds, GPUShaderStage.FRAGMENT);
    const module = device.createShaderModule({ code: VERTEX + code });
    pass.pipeline = await device.createRenderPipelineAsync({
      layout: pass.pipelineLayout(),
      vertex: { module, entryPoint: "corner" },
      fragment: { module, entryPoint: "shade", targets: formats.map((format) => ({ format })) },
    });
    return pass;
  }

  run(encoder: GPUCommandEncoder, views: readonly GPUTextureView[], numbers: GPUBufferBinding, bound: readonly Bound[]): void {
    const pass = encoder.beginRenderPass({ colorAttachments: views.map((view) => ({ view, loadOp: "clear", storeOp: "store" })) });
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, this.group(numbers, bound));
    pass.draw(3);
    pass.end();
  }
}

/** One compute shader (`work`, in groups of 8×8) over a grid. */
export class GridPass extends Pass {
  private pipeline!: GPUComputePipeline;

  static async make(device: GPUDevice, code: string, kinds: readonly Kind[]): Promise<GridPass> {
    const pass = new GridPass(device, kinds, GPUShaderStage.COMPUTE);
    const module = device.createShaderModule({ code });
    pass.pipeline = await device.createComputePipelineAsync({ layout: pass.pipelineLayout(), compute: { module, entryPoint: "work" } });
    return pass;
  }

  run(encoder: GPUCommandEncoder, width: number, height: number, numbers: GPUBufferBinding, bound: readonly Bound[]): void {
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, this.group(numbers, bound));
    pass.dispatchWorkgroups(Math.ceil(width / 8), Math.ceil(height / 8));
    pass.end();
  }
}

const SLOT = 256;
const SLOTS = 32;

/** Records passes, each with numbers of its own, and submits them together. */
export class Recorder {
  private readonly buffer: GPUBuffer;
  private readonly numbers = new Float32Array((SLOT / 4) * SLOTS);
  private used = 0;
  private encoder: GPUCommandEncoder | null = null;

  constructor(private readonly device: GPUDevice) {
    this.buffer = device.createBuffer({ size: SLOT * SLOTS, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  }

  get commands(): GPUCommandEncoder {
    return (this.encoder ??= this.device.createCommandEncoder());
  }

  draw(pass: DrawPass, into: Pick<Target, "views">, numbers: readonly number[], bound: readonly Bound[]): void {
    pass.run(this.commands, into.views, this.put(numbers), bound);
  }

  compute(pass: GridPass, width: number, height: number, numbers: readonly number[], bound: readonly Bound[]): void {
    pass.run(this.commands, width, height, this.put(numbers), bound);
  }

  submit(): void {
    if (!this.encoder) return;
    this.device.queue.writeBuffer(this.buffer, 0, this.numbers, 0, (SLOT / 4) * this.used);
    this.device.queue.submit([this.encoder.finish()]);
    this.encoder = null;
    this.used = 0;
  }

  dispose(): void {
    this.buffer.destroy();
  }

  /** Numbers as a shader's uniform struct has them: its fields in order, which need no padding between them. */
  private put(numbers: readonly number[]): GPUBufferBinding {
    if (this.used === SLOTS) throw new Error("too many passes in one submission");
    const offset = SLOT * this.used++;
    this.numbers.set(numbers, offset / 4);
    return { buffer: this.buffer, offset, size: SLOT };
  }
}
