/** Sliders with their names and values: built where the page says data-slider. */
import { DEFAULTS, SLIDERS, type SettingsStore, type SliderName } from "../settings.ts";
import { all, make } from "./dom.ts";

const percent = (value: number): string => `${Math.round(100 * value)} %`;
const FORMATS: Record<SliderName, (value: number) => string> = {
  blur: percent,
  threshold: (value) => value.toFixed(2),
  hysteresis: (value) => (value ? `± ${value.toFixed(2)}` : "none"),
  softness: (value) => (value ? percent(value) : "hard"),
  steadiness: (value) => (value ? percent(value) : "none"),
  lightWrap: (value) => (value ? percent(value) : "none"),
};

export function startSliders(settings: SettingsStore): void {
  for (const row of all(".row[data-slider]")) build(row, row.dataset["slider"] as SliderName, settings);
}

function build(row: HTMLElement, name: SliderName, settings: SettingsStore): void {
  const id = `slider-${name}`;
  const range = SLIDERS[name];
  const input = make("input", { type: "range", id, className: name === "threshold" ? "slider band" : "slider" });
  Object.assign(input, { min: String(range.min), max: String(range.max), step: String(range.step) });
  const output = make("output", { title: "Double-click sets it back" });
  output.setAttribute("for", id);
  row.append(make("div", { className: "row-head" }, make("label", { htmlFor: id, textContent: row.dataset["label"]! }), output), input);
  if (row.dataset["help"]) {
    row.append(make("small", { id: `${id}-help`, textContent: row.dataset["help"] }));
    input.setAttribute("aria-describedby", `${id}-help`);
  }
  const share = (value: number): string => `${(100 * Math.min(1, Math.max(0, (value - range.min) / (range.max - range.min)))).toFixed(1)}%`;
  const show = (): void => {
    const value = settings.now[name];
    const text = FORMATS[name](value);
    input.value = String(value);
    input.setAttribute("aria-valuetext", text);
    output.value = text;
    input.style.setProperty("--fill", share(value));
    if (name === "threshold") {
      input.style.setProperty("--low", share(value - settings.now.hysteresis));
      input.style.setProperty("--high", share(value + settings.now.hysteresis));
    }
  };
  input.oninput = () => settings.change({ [name]: Number(input.value) });
  output.ondblclick = () => settings.change({ [name]: DEFAULTS[name] });
  settings.listen((_, changed) => (changed.has(name) || (name === "threshold" && changed.has("hysteresis"))) && show());
  show();
}
