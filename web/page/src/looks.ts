/** What the picture looks like: settings as limner-web takes them, with the background and whether it is mirrored. */
import type { Look } from "limner-web";
import { Backgrounds } from "./backgrounds.ts";
import { sortFiles } from "./files.ts";
import type { Picture } from "./pictures.ts";
import { SLIDERS, type Settings, type SettingsStore, type SliderName } from "./settings.ts";
import { $ } from "./ui/dom.ts";
import { toast } from "./ui/toasts.ts";

const MAGENTA = "#ff00ff";
const FIELDS = [...(Object.keys(SLIDERS) as SliderName[]), "effect", "color", "magenta"] as const;

export class Looks {
  private readonly backgrounds: Backgrounds;
  private picture: Picture | null = null;
  /** Of pictures that are not a camera's view of the user. */
  private mirrorOther = false;

  /** @param update takes changes to what is drawn now. */
  constructor(
    private readonly settings: SettingsStore,
    private readonly update: (look: Partial<Look>) => void,
  ) {
    this.backgrounds = new Backgrounds((background) => update({ background }));
    settings.listen((now, changed) => void this.changed(now, changed));
    this.showMirror();
    if (settings.now.effect === "replace") void this.load(settings.now.background);
  }

  /** All of it, for a view that begins. */
  get now(): Partial<Look> {
    const { effect, color, magenta, blur, threshold, hysteresis, softness, steadiness, lightWrap } = this.settings.now;
    return {
      effect: magenta ? "color" : effect,
      color: magenta ? MAGENTA : color,
      blur,
      threshold,
      hysteresis,
      softness,
      steadiness,
      lightWrap,
      mirror: this.mirrored,
      background: this.backgrounds.current,
    };
  }

  /** Another picture, or none: mirrored as cameras that look at the user are wanted, or not at all. */
  begin(picture: Picture | null): void {
    this.picture = picture;
    this.mirrorOther = false;
    this.showMirror();
    this.update({ mirror: this.mirrored });
    if (!picture) this.backgrounds.pause();
    else if (this.settings.now.effect === "replace") this.backgrounds.resume();
  }

  toggleMirror(): void {
    if (this.looksAtUser) this.settings.change({ mirror: !this.settings.now.mirror });
    else this.mirrorOther = !this.mirrorOther;
    this.showMirror();
    this.update({ mirror: this.mirrored });
  }

  /** A file for the background. @returns a picture of it, null for a video, undefined where it is none. */
  async takeBackground(file: File): Promise<string | null | undefined> {
    const found = await sortFiles([file]);
    if (found.kind !== "photo" && found.kind !== "video") return void toast(`${file.name} is neither a picture nor a video.`);
    try {
      await this.backgrounds.take(found.file, found.kind);
      return found.kind === "photo" ? URL.createObjectURL(file) : null;
    } catch {
      return void toast(`${file.name} cannot be opened as a background. Use JPEG, PNG or WebP, or a video as MP4 or WebM.`);
    }
  }

  private get mirrored(): boolean {
    return this.looksAtUser ? this.settings.now.mirror : this.mirrorOther;
  }

  private get looksAtUser(): boolean {
    return !this.picture || (this.picture.kind === "camera" && this.picture.facing !== "environment");
  }

  private showMirror(): void {
    $("mirror").setAttribute("aria-pressed", String(this.mirrored));
  }

  private async changed(now: Readonly<Settings>, changed: ReadonlySet<keyof Settings>): Promise<void> {
    if (now.effect === "replace" && (changed.has("background") || !this.backgrounds.current)) await this.load(now.background);
    else if (changed.has("effect")) {
      if (now.effect === "replace") this.backgrounds.resume();
      else this.backgrounds.pause();
    }
    if (!FIELDS.some((name) => changed.has(name))) return;
    const { background: _, ...look } = this.now; // pictures are sent when they change
    this.update(look);
  }

  private async load(id: string): Promise<void> {
    try {
      await this.backgrounds.choose(id);
    } catch {
      toast("This background cannot be loaded. Go online once, or choose another one.");
    }
  }
}
