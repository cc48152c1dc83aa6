/** What stands behind the person with the effect "replace": a picture of the gallery, one's own, or one's own video. */
import evening from "./assets/backgrounds/evening.webp?no-inline";
import lake from "./assets/backgrounds/lake.webp?no-inline";
import library from "./assets/backgrounds/library.webp?no-inline";
import plaster from "./assets/backgrounds/plaster.webp?no-inline";
import room from "./assets/backgrounds/room.webp?no-inline";
import studio from "./assets/backgrounds/studio.webp?no-inline";
import { openVideo, play, type Picture } from "./pictures.ts";

export const GALLERY = [
  { id: "room", label: "Living room", url: room },
  { id: "library", label: "Bookcase", url: library },
  { id: "plaster", label: "Sunlit wall", url: plaster },
  { id: "lake", label: "Lake", url: lake },
  { id: "evening", label: "City lights", url: evening },
  { id: "studio", label: "Studio grey", url: studio },
] as const;
export const OWN = "own";

/** Pixels of the longer side of a background; more is not seen behind a person, and costs memory on the graphics device. */
const LONGEST = 1920;

export class Backgrounds {
  private wanted = "";
  private own: { photo: Blob } | { video: Picture } | null = null;
  private showing: ImageBitmap | null = null;
  private handle = 0;

  /** @param show takes each new picture; whoever takes it copies it, and it is closed when the next one comes. */
  constructor(private readonly show: (picture: ImageBitmap) => void) {}

  /** The picture that is shown now, for a view that begins. */
  get current(): ImageBitmap | null {
    return this.showing;
  }

  /** @throws where it cannot be read; what was there before stays. */
  async choose(id: string): Promise<void> {
    this.wanted = id;
    this.pause();
    if (id === OWN && this.own && "video" in this.own) return this.run(this.own.video.element!);
    const photo = id === OWN && this.own && "photo" in this.own ? this.own.photo : await this.fetched(id);
    const picture = await limited(photo);
    if (this.wanted !== id) return picture.close();
    this.put(picture);
  }

  /** Take a file as one's own picture or video. @throws where the browser cannot read it. */
  async take(file: File, kind: "photo" | "video"): Promise<void> {
    let taken: NonNullable<Backgrounds["own"]>;
    if (kind === "video") taken = { video: await openVideo(file, file.name, { sound: false }) };
    else {
      (await limited(file)).close(); // so that what cannot be read is refused here
      taken = { photo: file };
    }
    this.pause();
    if (this.own && "video" in this.own) this.own.video.close();
    this.own = taken;
    await this.choose(OWN);
  }

  /** A video does not run while nobody sees it. */
  pause(): void {
    if (!this.own || !("video" in this.own)) return;
    const element = this.own.video.element!;
    element.pause();
    element.cancelVideoFrameCallback?.(this.handle);
  }

  resume(): void {
    if (this.wanted === OWN && this.own && "video" in this.own && this.own.video.element!.paused) void this.run(this.own.video.element!);
  }

  private async run(element: HTMLVideoElement): Promise<void> {
    const next = (): void => {
      this.handle = element.requestVideoFrameCallback?.(grab) ?? requestAnimationFrame(grab);
    };
    const grab = async (): Promise<void> => {
      if (element.paused || this.wanted !== OWN) return;
      try {
        this.put(await limited(element, element.videoWidth, element.videoHeight));
      } catch {
        // No frame to be had just now.
      }
      next();
    };
    next();
    await play(element);
  }

  private put(picture: ImageBitmap): void {
    this.show(picture);
    this.showing?.close();
    this.showing = picture;
  }

  private async fetched(id: string): Promise<Blob> {
    const { url } = GALLERY.find((entry) => entry.id === id) ?? GALLERY[0];
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the background cannot be loaded (${response.status})`);
    return response.blob();
  }
}

async function limited(source: Blob | HTMLVideoElement, width = 0, height = 0): Promise<ImageBitmap> {
  if (source instanceof Blob) {
    const whole = await createImageBitmap(source);
    ({ width, height } = whole);
    if (Math.max(width, height) <= LONGEST) return whole;
    whole.close();
  }
  const scale = LONGEST / Math.max(width, height);
  if (scale >= 1) return createImageBitmap(source);
  return createImageBitmap(source, { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale), resizeQuality: "medium" });
}
