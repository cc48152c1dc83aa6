/** The page: one picture at a time, from its source to its effect, and what is said where that fails. */
import { LimnerWebError } from "limner-web";
import clipMp4 from "../../../src/limner/samples/clip.mp4?no-inline";
import portrait from "../../../src/limner/samples/portrait.jpg?no-inline";
import clipWebm from "./assets/sample.webm?no-inline";
import { OWN } from "./backgrounds.ts";
import { Engines, sentence } from "./engines.ts";
import { sortFiles } from "./files.ts";
import { startInputs } from "./inputs.ts";
import { Looks } from "./looks.ts";
import { ASKING, cameraProblem, engineProblem, loadingMessage, messageFor, NO_PICTURE, OPENING, WAITING, WELCOME, type ActionName, type Circumstances, type Message, type Problem } from "./messages.ts";
import { cameraPermission, openCamera, openPhoto, openVideo, play, sizeFor, type Picture } from "./pictures.ts";
import type { Recorded } from "./recording.ts";
import { DEFAULTS, type Settings, type SettingsStore } from "./settings.ts";
import { $ } from "./ui/dom.ts";
import { EffectControls } from "./ui/effects.ts";
import { MeterView } from "./ui/meter.ts";
import { SourcePanel, type SourceKind } from "./ui/source_panel.ts";
import { announce, toast } from "./ui/toasts.ts";
import { Toolbar } from "./ui/toolbar.ts";
import { Transport } from "./ui/transport.ts";
import { Veil } from "./ui/veil.ts";
import { keepAwake } from "./wake.ts";

/** How a picture is opened, and what is said meanwhile and where it fails. */
interface Opening {
  kind: SourceKind;
  open: () => Promise<Picture>;
  problem: (error: unknown) => Promise<Problem>;
  asking?: Message;
  name?: string;
}

export class App {
  readonly effects: EffectControls;
  readonly toolbar: Toolbar;
  readonly transport = new Transport();
  readonly looks: Looks;
  private readonly veil = new Veil((action) => this.act(action));
  private readonly meter = new MeterView();
  private readonly engines: Engines;
  private readonly source: SourcePanel;
  private picture: Picture | null = null;
  private problem: Problem | null = null;
  private again: () => Promise<void> = () => this.startCamera();
  /** Rises with everything that is begun, so that what was overtaken ends without a word. */
  private turn = 0;

  constructor(private readonly settings: SettingsStore) {
    if (settings.now.background === OWN) settings.change({ background: DEFAULTS.background });
    this.effects = new EffectControls(settings, { pickBackground: () => $("background-file").click() });
    this.looks = new Looks(settings, (look) => this.engines?.view?.update(look));
    this.engines = new Engines(
      settings,
      () => this.looks.now,
      {
        stats: (stats) => {
          this.ratio(stats.width, stats.height);
          this.meter.show(stats, this.picture?.kind !== "photo");
        },
        state: (state, message) => state === "failed" && this.engineFailed(new LimnerWebError("lost", message ?? "")),
        progress: (progress) => this.picture && !this.engines.view && this.veil.show(loadingMessage(progress)),
      },
      () => (this.veil.shown ? null : this.picture),
      () => this.problem && this.again(),
    );
    this.toolbar = new Toolbar(settings, {
      snapshot: () => this.engines.view!.snapshot("image/png"),
      recorded: () => this.recorded(),
      lock: (locked) => this.engines.panel.lock(locked),
    });
    this.source = new SourcePanel(settings, (kind) => this.pick(kind));
    settings.listen((now, changed) => void this.changed(now, changed));
    startInputs(
      (files) => this.take(files),
      async (file) => {
        const preview = await this.looks.takeBackground(file);
        if (preview !== undefined) this.effects.addOwn(preview);
      },
    );
    $("start").onclick = () => (this.toolbar.idle ? void this.startCamera() : this.stop());
    $("mirror").onclick = () => this.looks.toggleMirror();
    $("numbers-toggle").onclick = () => settings.change({ numbers: !settings.now.numbers });
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.devicesChanged());
    new MutationObserver(() => this.showNumbers()).observe($("veil"), { attributes: true, attributeFilter: ["hidden"] });
    this.showNumbers();
    this.welcome();
  }

  // ---- what people ask for

  async startCamera(): Promise<void> {
    const { camera, facing, resolution } = this.settings.now;
    this.again = () => this.startCamera();
    if (!navigator.mediaDevices?.getUserMedia) return this.fail("insecure");
    await this.use({
      kind: "camera",
      open: () => openCamera({ camera, facing, resolution }),
      asking: (await cameraPermission()) === "granted" ? OPENING : ASKING,
      problem: async (error) => cameraProblem(error, await cameraPermission()),
    });
  }

  /** Files that were dropped, pasted or chosen. */
  async take(files: readonly File[]): Promise<void> {
    if (!files.length) return;
    const found = await sortFiles(files);
    if (found.kind === "trouble") toast(found.text);
    else if (found.kind === "model") this.engines.takeModel(found.name, found.files);
    else await this.openFile(found.file, found.kind);
  }

  stop(): void {
    this.turn++;
    this.letGo();
    this.welcome();
    announce("Stopped");
  }

  private pick(kind: SourceKind): unknown {
    switch (kind) {
      case "camera":
        return this.startCamera();
      case "file":
        return $("file").click();
      case "clip":
        return this.openSample("video");
      case "photo":
        return this.openSample("photo");
    }
  }

  private openFile(file: File, kind: "photo" | "video"): Promise<void> {
    const { name } = file;
    this.again = () => this.openFile(file, kind);
    const open = (): Promise<Picture> => (kind === "photo" ? openPhoto(file, name) : openVideo(file, name));
    return this.use({ kind: "file", name, open, problem: async () => `unreadable-${kind}` });
  }

  private openSample(kind: "photo" | "video"): Promise<void> {
    const photo = kind === "photo";
    const name = photo ? "Sample photo" : "Sample clip";
    this.again = () => this.openSample(kind);
    const open = async (): Promise<Picture> => {
      const clip = document.createElement("video").canPlayType('video/webm; codecs="vp9"') ? clipWebm : clipMp4;
      const response = await fetch(photo ? portrait : clip);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const blob = await response.blob();
      return photo ? openPhoto(blob, name) : openVideo(blob, name, { sound: false });
    };
    return this.use({ kind: photo ? "photo" : "clip", name, open, problem: async () => (navigator.onLine ? `unreadable-${kind}` : "offline") });
  }

  // ---- from a source to its picture

  private async use(opening: Opening): Promise<void> {
    const turn = ++this.turn;
    const overtaken = (): boolean => turn !== this.turn;
    this.letGo();
    this.veil.show(opening.asking ?? OPENING);
    this.toolbar.busy();
    const engine = this.engines.ready(); // loads while the person answers the browser's question
    engine.catch(() => {});
    let picture: Picture;
    try {
      picture = await opening.open();
    } catch (error) {
      const problem = await opening.problem(error);
      if (!overtaken()) this.fail(problem, { detail: (error as Error).message, name: opening.name });
      return;
    }
    if (overtaken()) return picture.close();
    this.begin(picture, opening.kind);
    try {
      if (!this.engines.view) this.veil.show(loadingMessage(null));
      await engine;
      if (overtaken()) return;
      this.veil.show(WAITING);
      await this.draw(picture, overtaken);
      if (overtaken()) return;
      this.veil.hide();
      this.toolbar.ready(true);
      announce(`${picture.name} is shown with its effect`);
    } catch (error) {
      if (!overtaken() && (error as Error).name !== "AbortError") this.engineFailed(error);
    }
  }

  /** Until the first frame is drawn, by whichever engine runs then. */
  private async draw(picture: Picture, overtaken: () => boolean): Promise<void> {
    for (let view = this.engines.view; view && !overtaken(); view = view === this.engines.view ? null : this.engines.view) {
      const drawn = view.show(await picture.source());
      if (picture.element) void play(picture.element);
      await Promise.race([drawn, this.engines.replaced]);
    }
  }

  private begin(picture: Picture, kind: SourceKind): void {
    this.picture = picture;
    this.source.show(picture, kind);
    this.transport.attach(picture.element ?? null, kind === "clip");
    this.looks.begin(picture);
    this.toolbar.running(picture.kind);
    if (picture.size) this.ratio(...picture.size);
    if (picture.track) this.watch(picture, picture.track);
    keepAwake(picture.kind !== "photo");
    if (picture.notice) toast(picture.notice);
  }

  private watch(picture: Picture, track: MediaStreamTrack): void {
    const on = (name: string, act: () => void): void => track.addEventListener(name, () => this.picture === picture && act());
    on("mute", () => this.veil.show(NO_PICTURE));
    on("unmute", () => {
      if (this.engines.view?.state !== "waiting") this.veil.hide();
    });
    on("ended", () => this.fail("unplugged"));
  }

  /** Release the source. What is drawn is wiped at once. */
  private letGo(): void {
    this.problem = null;
    this.toolbar.ready(false);
    void this.engines.view?.show(null);
    this.transport.attach(null);
    this.picture?.close();
    this.picture = null;
    this.looks.begin(null);
    this.meter.clear();
    keepAwake(false);
  }

  private welcome(): void {
    this.veil.show(navigator.mediaDevices ? WELCOME : { ...WELCOME, actions: ["file", "clip"] });
    this.toolbar.stopped();
    this.source.show(null, null);
  }

  private fail(problem: Problem, more: Pick<Circumstances, "detail" | "name"> = {}): void {
    const { runtime, renderer } = this.settings.now;
    this.turn++;
    this.letGo();
    this.problem = problem;
    this.toolbar.stopped();
    this.source.show(null, null);
    this.veil.show(messageFor(problem, { online: navigator.onLine, model: this.engines.modelName, chosen: runtime !== "auto" || renderer !== "auto", ...more }));
  }

  private engineFailed(error: unknown): void {
    this.engines.drop();
    const { message } = error as Error;
    this.fail(engineProblem(error, navigator.onLine), { detail: error instanceof LimnerWebError ? sentence(message) : message });
  }

  private act(action: ActionName): unknown {
    switch (action) {
      case "camera":
      case "file":
      case "clip":
        return this.pick(action);
      case "retry":
        return this.again();
      case "other-camera":
        this.settings.change({ camera: "" });
        return this.startCamera();
      case "auto-engine":
        return this.settings.change({ runtime: "auto", renderer: "auto" });
      case "default-model":
        return this.settings.change({ model: DEFAULTS.model });
      case "reload":
        return location.reload();
    }
  }

  // ---- what changes around it

  private async changed(now: Readonly<Settings>, changed: ReadonlySet<keyof Settings>): Promise<void> {
    if (changed.has("numbers")) this.showNumbers();
    if (this.picture?.kind !== "camera") return;
    if (changed.has("camera") || changed.has("facing")) await this.startCamera();
    else if (changed.has("resolution")) {
      const wish = { ...sizeFor(now.resolution), frameRate: { ideal: 30 } };
      await this.picture.track!.applyConstraints(wish).catch(() => this.startCamera());
    }
  }

  /** A camera came or went: one that was pulled out and is back goes on. */
  private async devicesChanged(): Promise<void> {
    const cameras = await this.source.fillCameras();
    if (cameras && (this.problem === "unplugged" || this.problem === "no-camera")) await this.startCamera();
  }

  private recorded(): Recorded | null {
    const { view, canvas } = this.engines;
    if (!view || !canvas) return null;
    const { width, height } = canvas;
    return { width, height, track: () => view.track()!, snapshot: () => view.snapshot("image/png"), sound: soundOf(this.picture?.element) };
  }

  private ratio(width: number, height: number): void {
    if (width && height) $("frame").style.setProperty("--ratio", String(width / height));
  }

  private showNumbers(): void {
    const { numbers } = this.settings.now;
    $("numbers").hidden = !numbers || this.veil.shown;
    $("numbers-toggle").setAttribute("aria-pressed", String(numbers));
  }
}

/** The sound of a video, for its recording, where the browser gives it. */
function soundOf(element: HTMLVideoElement | undefined): MediaStreamTrack | null {
  const capture = (element as (HTMLVideoElement & { captureStream?: () => MediaStream }) | undefined)?.captureStream;
  if (!element || element.muted || !capture) return null;
  return capture.call(element).getAudioTracks()[0] ?? null;
}
