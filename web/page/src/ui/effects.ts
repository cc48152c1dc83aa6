/** The effects' tiles and what each of them offers: colours, backgrounds, and the magenta check. */
import type { EffectName } from "limner-web";
import { GALLERY, OWN } from "../backgrounds.ts";
import { colour, DEFAULTS, EDGE_SLIDERS, type SettingsStore } from "../settings.ts";
import { $, all, icon, make, radios } from "./dom.ts";

const CHIPS = ["#2f7d5b", "#1f5f99", "#e9e4da", "#d9a441", "#7a3e3a", "#2b2d30", "#00b140", "#ff00ff"];

export interface EffectEvents {
  /** A file for one's own background is wanted. */
  pickBackground(): void;
}

export class EffectControls {
  private readonly markTile: (chosen: HTMLElement | null) => void;
  private readonly markBackground: (chosen: HTMLElement | null) => void;

  constructor(
    private readonly settings: SettingsStore,
    private readonly events: EffectEvents,
  ) {
    this.markTile = radios($("effects"), (tile) => this.choose(tile.dataset["effect"] as EffectName));
    this.fillGallery();
    this.markBackground = radios($("gallery"), (tile) => settings.change({ background: tile.dataset["background"]!, effect: "replace", magenta: false }));
    this.fillChips();
    const typed = $<HTMLInputElement>("color-text");
    $<HTMLInputElement>("color").oninput = (event) => settings.change({ color: (event.target as HTMLInputElement).value });
    typed.onchange = () => {
      const found = colour(typed.value);
      if (found) settings.change({ color: found });
      typed.value = this.settings.now.color;
    };
    $<HTMLInputElement>("magenta").onchange = (event) => settings.change({ magenta: (event.target as HTMLInputElement).checked });
    $("edges-reset").onclick = () => settings.change(Object.fromEntries(EDGE_SLIDERS.map((name) => [name, DEFAULTS[name]])));
    settings.listen(() => this.show());
    this.show();
  }

  choose(effect: EffectName): void {
    this.settings.change({ effect, magenta: false });
  }

  /** By its place among the tiles. */
  chooseAt(index: number): void {
    const tile = all("[data-effect]", $("effects"))[index];
    if (tile) this.choose(tile.dataset["effect"] as EffectName);
  }

  nextBackground(): void {
    const ids = all("[data-background]", $("gallery")).map((tile) => tile.dataset["background"]!);
    const { effect, background } = this.settings.now;
    const at = effect === "replace" ? ids.indexOf(background) + 1 : Math.max(0, ids.indexOf(background));
    this.settings.change({ effect: "replace", background: ids[at % ids.length]!, magenta: false });
  }

  /** Show one's own background among the others. */
  addOwn(preview: string | null): void {
    const old = this.tileFor(OWN);
    const picture = preview ? make("img", { src: preview, alt: "" }) : make("span", { className: "own" }, icon("film"));
    const tile = tileFor(OWN, "Yours", picture);
    if (old) old.replaceWith(tile);
    else $("gallery").querySelector("[data-add]")!.before(tile);
    this.settings.change({ background: OWN, effect: "replace", magenta: false });
    this.show();
  }

  private fillGallery(): void {
    const add = make("button", { type: "button", className: "own", title: "Your own picture or video", onclick: () => this.events.pickBackground() }, icon("open"));
    add.setAttribute("aria-label", "Your own picture or video as the background");
    add.dataset["add"] = "";
    const tiles = GALLERY.map(({ id, label, url }) => tileFor(id, label, make("img", { src: url, alt: "", loading: "lazy", decoding: "async", width: 160, height: 90 })));
    $("gallery").append(...tiles, add);
  }

  private fillChips(): void {
    for (const color of CHIPS) {
      const chip = make("button", { type: "button", className: "chip", title: color, onclick: () => this.settings.change({ color }) });
      chip.style.setProperty("--chip", color);
      chip.dataset["color"] = color;
      chip.setAttribute("aria-label", `Colour ${color}`);
      $("chips").append(chip);
    }
  }

  private tileFor(background: string): HTMLElement | null {
    return $("gallery").querySelector<HTMLElement>(`[data-background="${CSS.escape(background)}"]`);
  }

  private show(): void {
    const { effect, color, background, magenta } = this.settings.now;
    this.markTile($("effects").querySelector<HTMLElement>(`[data-effect="${effect}"]`));
    this.markBackground(this.tileFor(background) ?? this.tileFor(GALLERY[0].id));
    for (const options of all(".options")) options.classList.toggle("shown", options.dataset["for"] === effect);
    for (const chip of all(".chip", $("chips"))) chip.setAttribute("aria-pressed", String(chip.dataset["color"] === color));
    $<HTMLInputElement>("color").value = color;
    if (document.activeElement !== $("color-text")) $<HTMLInputElement>("color-text").value = color;
    $("effects").style.setProperty("--plain", color);
    $<HTMLInputElement>("magenta").checked = magenta;
    $("frame").dataset["effect"] = magenta ? "color" : effect;
  }
}

function tileFor(background: string, label: string, picture: HTMLElement): HTMLButtonElement {
  const tile = make("button", { type: "button", className: "tile", title: label }, picture);
  tile.setAttribute("role", "radio");
  tile.setAttribute("aria-label", label);
  tile.dataset["background"] = background;
  return tile;
}
