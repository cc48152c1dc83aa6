/** The picture behind the person, in levels of detail, and its light: the same, very small. */

import { DrawPass, release, target, type Recorder, type Target } from "./passes.ts";
import { HALVE } from "./shaders.ts";

const LIGHT = [32, 18] as const;

export interface Behind {
  of: ImageBitmap;
  texture: GPUTexture;
  view: GPUTextureView;
  light: Target;
}

export class Background {
  private made: Behind | null = null;

  private constructor(
    private readonly device: GPUDevice,
    private readonly recorder: Recorder,
    private readonly sampler: GPUSampler,
    private readonly halve: DrawPass,
    private readonly shrink: DrawPass,
  ) {}

  static async make(device: GPUDevice, recorder: Recorder, sampler: GPUSampler, shrink: DrawPass): Promise<Background> {
    return new Background(device, recorder, sampler, await DrawPass.make(device, HALVE, ["sampler", "texture"], ["rgba8unorm"]), shrink);
  }

  get(bitmap: ImageBitmap): Behind {
    if (this.made?.of === bitmap) return this.made;
    this.dispose();
    const { width, height } = bitmap;
    const texture = this.device.createTexture({
      size: [width, height],
      format: "rgba8unorm",
      mipLevelCount: 1 + Math.floor(Math.log2(Math.max(width, height))),
      usage: GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT,
    });
    this.device.queue.copyExternalImageToTexture({ source: bitmap }, { texture, premultipliedAlpha: true }, [width, height]);
    const level = (number: number) => texture.createView({ baseMipLevel: number, mipLevelCount: 1 });
    for (let number = 1; number < texture.mipLevelCount; number++) {
      const size = [Math.max(1, width >> number), Math.max(1, height >> number)];
      this.recorder.draw(this.halve, { views: [level(number)] }, size, [this.sampler, level(number - 1)]);
    }
    const light = target(this.device, ...LIGHT, ["rgba8unorm"]);
    this.recorder.draw(this.shrink, light, [0, 0, 1, 1, width, height, ...LIGHT], [this.sampler, level(0)]);
    this.recorder.submit();
    return (this.made = { of: bitmap, texture, view: texture.createView(), light });
  }

  dispose(): void {
    this.made?.texture.destroy();
    release(this.made?.light ?? null);
    this.made = null;
  }
}
