/** The buttons below the picture: start, save, record, full screen. */
import { recordsAlpha, record, save, type Recorded, type Recording } from "../recording.ts";
import { fileName, planRecording } from "../record_formats.ts";
import type { SettingsStore } from "../settings.ts";
import { $, setIcon } from "./dom.ts";
import { clock } from "./transport.ts";
import { announce, toast } from "./toasts.ts";

export interface ToolbarParts {
  snapshot(): Promise<Blob>;
  /** Null where there is no picture. */
  recorded(): Recorded | null;
  /** What must not change while a recording runs. */
  lock(locked: boolean): void;
}

/** Milliseconds without a movement after which the buttons go away in full screen. */
const STILL = 2500;

export class Toolbar {
  private recording: { it: Recording; since: number; timer: ReturnType<typeof setInterval>; suffix: string } | null = null;
  /** A picture that does not move is not recorded. */
  private stands = false;
  private still: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly settings: SettingsStore,
    private readonly parts: ToolbarParts,
  ) {
    $("shot").onclick = () => void this.shot();
    $("record").onclick = () => void this.record();
    $("full").onclick = () => void this.full();
    $("full").hidden = !document.fullscreenEnabled;
    document.addEventListener("fullscreenchange", () => this.showFull());
    $("stage").addEventListener("pointermove", () => this.moved());
    window.addEventListener("beforeunload", (event) => this.recording && event.preventDefault()); // the browser asks
  }

  /** Whether the first button starts; it stops otherwise. */
  get idle(): boolean {
    return !$("start").classList.contains("stop");
  }

  /** A camera or a file runs, or is on its way. */
  running(kind: "camera" | "photo" | "video"): void {
    this.stands = kind === "photo";
    this.start("stop", kind === "photo" ? "Close" : "Stop");
  }

  busy(): void {
    this.start("stop", "Cancel");
  }

  stopped(): void {
    this.start("video", "Start camera");
  }

  /** Whether there is a picture to save. */
  ready(there: boolean): void {
    $<HTMLButtonElement>("shot").disabled = !there;
    $<HTMLButtonElement>("record").disabled = !there || this.stands || !("MediaRecorder" in window);
    if (!there) void this.finish();
  }

  async shot(): Promise<void> {
    if ($<HTMLButtonElement>("shot").disabled) return;
    const name = fileName(new Date(), "png");
    try {
      save(await this.parts.snapshot(), name);
      toast(`Saved as ${name}`);
    } catch (error) {
      toast(`The picture cannot be saved: ${(error as Error).message}`);
    }
  }

  async record(): Promise<void> {
    if (this.recording) return this.finish();
    if ($<HTMLButtonElement>("record").disabled) return;
    const { effect, magenta, recordAs } = this.settings.now;
    const clear = effect === "transparent" && !magenta;
    const alpha = clear && (await recordsAlpha());
    const plan = planRecording(clear ? effect : "none", recordAs, (mime) => MediaRecorder.isTypeSupported(mime), alpha);
    if (clear && recordAs === "auto" && plan.how === "pictures") toast("This browser’s videos have no transparency: the recording becomes PNG pictures in a ZIP.");
    const what = this.parts.recorded();
    if (!what) return;
    let it: Recording;
    try {
      it = record(what, plan);
    } catch (error) {
      return void toast(`It cannot be recorded here: ${(error as Error).message}`);
    }
    const since = performance.now();
    const tick = (): void => void ($("rec-time").textContent = clock((performance.now() - since) / 1000));
    this.recording = { it, since, timer: setInterval(tick, 500), suffix: plan.how === "video" ? plan.suffix : "zip" };
    tick();
    this.showRecording();
    announce("Recording");
  }

  async full(): Promise<void> {
    if (!document.fullscreenEnabled) return;
    if (document.fullscreenElement) await document.exitFullscreen();
    else await $("stage").requestFullscreen({ navigationUI: "hide" }).catch(() => {});
  }

  private async finish(): Promise<void> {
    const { recording } = this;
    if (!recording) return;
    this.recording = null;
    clearInterval(recording.timer);
    this.showRecording();
    try {
      const file = await recording.it.stop();
      const name = fileName(new Date(), recording.suffix);
      save(file, name);
      toast(`Saved as ${name}`);
    } catch (error) {
      toast(`The recording failed: ${(error as Error).message}`);
    }
  }

  private showRecording(): void {
    const on = this.recording !== null;
    $("record").setAttribute("aria-pressed", String(on));
    $("record").setAttribute("aria-label", on ? "Stop recording" : "Record");
    setIcon($("record"), on ? "stop" : "record");
    $("rec").hidden = !on;
    this.parts.lock(on);
  }

  private start(icon: string, label: string): void {
    setIcon($("start"), icon);
    $("start").querySelector("span")!.textContent = label;
    $("start").classList.toggle("stop", icon === "stop");
  }

  private showFull(): void {
    const on = document.fullscreenElement !== null;
    $("full").setAttribute("aria-pressed", String(on));
    setIcon($("full"), on ? "unfull" : "full");
    this.moved();
  }

  private moved(): void {
    clearTimeout(this.still);
    $("stage").classList.remove("still");
    if (document.fullscreenElement) this.still = setTimeout(() => $("stage").classList.add("still"), STILL);
  }
}
