/** The source: which one runs, cameras to choose from, and the resolution. */
import { listCameras, type Picture } from "../pictures.ts";
import type { Resolution, SettingsStore } from "../settings.ts";
import { $, fill } from "./dom.ts";

const HINT = "Photos, videos and models can be dropped anywhere, photos pasted too.";
const BUTTONS = { camera: "pick-camera", file: "pick-file", clip: "pick-clip", photo: "pick-photo" } as const;
export type SourceKind = keyof typeof BUTTONS;

export class SourcePanel {
  private picture: Picture | null = null;

  constructor(
    private readonly settings: SettingsStore,
    pick: (kind: SourceKind) => unknown,
  ) {
    for (const kind of Object.keys(BUTTONS) as SourceKind[]) $(BUTTONS[kind]).onclick = () => pick(kind);
    const camera = $<HTMLSelectElement>("camera");
    camera.onchange = () => settings.change({ camera: camera.value });
    const resolution = $<HTMLSelectElement>("resolution");
    resolution.value = String(settings.now.resolution);
    resolution.onchange = () => settings.change({ resolution: Number(resolution.value) as Resolution });
    $("flip").onclick = () => settings.change({ camera: "", facing: this.picture?.facing === "environment" ? "user" : "environment" });
  }

  show(picture: Picture | null, kind: SourceKind | null): void {
    this.picture = picture;
    for (const [name, id] of Object.entries(BUTTONS)) $(id).setAttribute("aria-pressed", String(name === kind));
    const [width, height] = picture?.size ?? [];
    $("source-name").textContent = !picture ? HINT : width ? `${picture.name}, ${width} × ${height}` : picture.name;
    void this.fillCameras();
  }

  /** @returns how many cameras there are. */
  async fillCameras(): Promise<number> {
    const cameras = await listCameras();
    const named = cameras.filter(({ deviceId }) => deviceId);
    const options = named.map(({ deviceId, label }, index) => ({ value: deviceId, label: label || `Camera ${index + 1}` }));
    fill($("camera"), [{ value: "", label: "Default" }, ...options], this.settings.now.camera);
    $<HTMLSelectElement>("camera").disabled = named.length === 0;
    $("flip").hidden = !(this.picture?.kind === "camera" && cameras.length > 1);
    return cameras.length;
  }
}
