/** The numbers: on the picture, and in the controls as one bar of what a frame takes. */
import type { Stats } from "limner-web";
import { $, all, make } from "./dom.ts";

const PARTS = { upload: "Upload", inference: "Inference", readback: "Read-back", draw: "Drawing" } as const;
/** A frame at 30 a second, which fills the bar. */
const BUDGET = 1000 / 30;
/** Milliseconds between two updates: figures that change faster are not read. */
const EVERY = 250;

export class MeterView {
  private last = 0;

  /** @param moves whether frames a second mean something. */
  show(stats: Stats, moves: boolean, now = performance.now()): void {
    if (now - this.last < EVERY) return;
    this.last = now;
    $("meter").hidden = false;
    $("meter-fps").hidden = !moves;
    $("fps").textContent = stats.fps.toFixed(stats.fps < 9.95 ? 1 : 0);
    const whole = Math.max(BUDGET, stats.upload + stats.inference + stats.readback + stats.draw);
    for (const bar of all("#meter i")) {
      const value = stats[bar.dataset["part"] as keyof typeof PARTS];
      bar.style.width = `${((100 * value) / whole).toFixed(1)}%`;
    }
    const entries: [string, string, string][] = (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((part) => [part, PARTS[part], milliseconds(stats[part])]);
    const more: [string, string, string][] = [
      ["", "Delay", milliseconds(stats.latency)],
      ["", "Passed over", String(stats.dropped)],
      ["", "Net input", stats.input.join("\u00a0×\u00a0")],
    ];
    list($("meter-list"), [...entries, ...more], true);
    if (!$("numbers").hidden) {
      const size: [string, string, string] = ["", "Picture", `${stats.width} × ${stats.height}`];
      list($("numbers"), [...(moves ? [["", "Frames/s", stats.fps.toFixed(1)] as [string, string, string]] : []), ...entries, more[0]!, size], false);
    }
  }

  clear(): void {
    this.last = 0;
    $("meter").hidden = true;
    $("numbers").replaceChildren();
  }
}

const milliseconds = (value: number): string => `${value.toFixed(value < 9.95 ? 1 : 0)} ms`;

function list(into: HTMLElement, entries: readonly [part: string, label: string, value: string][], grouped: boolean): void {
  into.replaceChildren(
    ...entries.flatMap(([part, label, value]) => {
      const pair = [make("dt", { textContent: label }), make("dd", { textContent: value })];
      if (!grouped) return pair;
      const group = make("div", {}, ...pair);
      if (part) group.dataset["part"] = part;
      return [group];
    }),
  );
}
