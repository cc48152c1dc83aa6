/** Where pictures come from: a camera, a photo, a video. Each is opened here, closed here, and says what it is. */
import type { Source } from "limner-web";
import type { Facing, Resolution } from "./settings.ts";

export interface Picture {
  readonly kind: "camera" | "photo" | "video";
  readonly name: string;
  /** What a view is given; made anew each time where a view consumes it. */
  source(): Promise<Source>;
  /** Width and height; a camera's at its start. */
  readonly size?: readonly [number, number];
  /** Of cameras: where it looks, where that is known. */
  readonly facing?: Facing;
  readonly track?: MediaStreamTrack;
  readonly element?: HTMLVideoElement;
  /** Said once, where the picture is not shown as it is. */
  readonly notice?: string;
  close(): void;
}

/** Longest side of a photo that is shown whole; beyond it canvases fail on many phones. */
const LONGEST = 4096;

export async function openCamera(wish: { camera: string; facing: Facing; resolution: Resolution }): Promise<Picture> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: {
      ...(wish.camera ? { deviceId: { exact: wish.camera } } : { facingMode: { ideal: wish.facing } }),
      ...sizeFor(wish.resolution),
      frameRate: { ideal: 30 },
    },
  });
  const track = stream.getVideoTracks()[0]!;
  const { width, height } = track.getSettings();
  return {
    kind: "camera",
    name: track.label || "Camera",
    source: async () => track,
    size: width && height ? [width, height] : undefined,
    facing: facingOf(track),
    track,
    close: () => track.stop(),
  };
}

/** Wanted width and height; browsers turn them on phones held upright. */
export function sizeFor(resolution: Resolution): MediaTrackConstraints {
  return { width: { ideal: Math.round((resolution * 16) / 9) }, height: { ideal: resolution } };
}

function facingOf(track: MediaStreamTrack): Facing {
  const said = track.getSettings().facingMode;
  if (said === "environment" || said === "user") return said;
  return /\b(back|rear|environment)\b/i.test(track.label) ? "environment" : "user";
}

/** Cameras, with labels once the page may use one. */
export async function listCameras(): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return all.filter((device) => device.kind === "videoinput");
}

export async function cameraPermission(): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name: "camera" as PermissionName })).state;
  } catch {
    return null;
  }
}

/** @throws whatever createImageBitmap throws for a file it cannot read. */
export async function openPhoto(file: Blob, name: string): Promise<Picture> {
  let bitmap = await decodePhoto(file);
  const { width, height } = bitmap;
  let notice: string | undefined;
  let options: ImageBitmapOptions = {};
  const scale = LONGEST / Math.max(width, height);
  if (scale < 1) {
    options = { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale), resizeQuality: "high" };
    bitmap.close();
    bitmap = await decodePhoto(file, options);
    notice = `${name} has ${width} × ${height} pixels and is shown at ${bitmap.width} × ${bitmap.height}.`;
  }
  let first: ImageBitmap | null = bitmap;
  return {
    kind: "photo",
    name,
    size: [bitmap.width, bitmap.height],
    notice,
    source: async () => {
      const ready = first ?? (await decodePhoto(file, options));
      first = null;
      return ready;
    },
    close: () => first?.close(),
  };
}

const decodePhoto = (file: Blob, options: ImageBitmapOptions = {}): Promise<ImageBitmap> => createImageBitmap(file, { imageOrientation: "from-image", ...options });

/** @throws Error where the browser cannot play it. */
export async function openVideo(file: Blob, name: string, { sound = true }: { sound?: boolean } = {}): Promise<Picture> {
  const element = document.createElement("video");
  const url = URL.createObjectURL(file);
  element.playsInline = true;
  element.loop = true;
  element.muted = !sound;
  element.preload = "auto";
  const close = (): void => {
    element.pause();
    element.removeAttribute("src");
    element.load();
    URL.revokeObjectURL(url);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      element.onloadeddata = () => resolve();
      element.onerror = () => reject(new Error(element.error?.message || "the video cannot be played"));
      element.src = url;
    });
    if (!element.videoWidth) throw new Error("the file has sound only");
  } catch (error) {
    close();
    throw error;
  }
  return { kind: "video", name, size: [element.videoWidth, element.videoHeight], element, source: async () => element, close };
}

/** Play; without sound where the browser does not allow it with. */
export async function play(element: HTMLVideoElement): Promise<void> {
  try {
    await element.play();
  } catch (error) {
    if ((error as DOMException).name !== "NotAllowedError" || element.muted) return;
    element.muted = true;
    await element.play().catch(() => {});
  }
}
