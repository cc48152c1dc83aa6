/** Play, place and sound of a video. */
import { play } from "../pictures.ts";
import { $, setIcon } from "./dom.ts";

export class Transport {
  private video: HTMLVideoElement | null = null;
  private stop = new AbortController();

  constructor() {
    $("play").onclick = () => this.toggle();
    $("mute").onclick = () => {
      if (this.video) this.video.muted = !this.video.muted;
    };
    const seek = $<HTMLInputElement>("seek");
    seek.oninput = () => {
      const { video } = this;
      if (video && Number.isFinite(video.duration)) video.currentTime = Number(seek.value) * video.duration;
    };
  }

  /** @param silent it has no sound to switch. */
  attach(video: HTMLVideoElement | null, silent = false): void {
    this.stop.abort();
    this.stop = new AbortController();
    this.video = video;
    $("transport").hidden = !video;
    $("mute").hidden = silent;
    if (!video) return;
    for (const name of ["play", "pause", "volumechange", "timeupdate", "durationchange", "seeked"]) {
      video.addEventListener(name, () => this.show(video), { signal: this.stop.signal });
    }
    this.show(video);
  }

  toggle(): void {
    const { video } = this;
    if (!video) return;
    if (video.paused) void play(video);
    else video.pause();
  }

  private show(video: HTMLVideoElement): void {
    setIcon($("play"), video.paused ? "play" : "pause");
    $("play").setAttribute("aria-label", video.paused ? "Play" : "Pause");
    $("play").title = `${video.paused ? "Play" : "Pause"} (K)`;
    setIcon($("mute"), video.muted ? "mute" : "sound");
    $("mute").setAttribute("aria-label", video.muted ? "Sound on" : "Sound off");
    $("mute").title = video.muted ? "Sound on" : "Sound off";
    const seek = $<HTMLInputElement>("seek");
    const share = Number.isFinite(video.duration) && video.duration > 0 ? video.currentTime / video.duration : 0;
    seek.value = String(share);
    seek.style.setProperty("--fill", `${(100 * share).toFixed(1)}%`);
    const text = `${clock(video.currentTime)} / ${Number.isFinite(video.duration) ? clock(video.duration) : "–"}`;
    seek.setAttribute("aria-valuetext", text);
    $<HTMLOutputElement>("time").value = text;
  }
}

/** Seconds as m:ss, or h:mm:ss. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
