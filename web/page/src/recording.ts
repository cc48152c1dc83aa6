/** Records what is drawn: as a video, or picture by picture where the browser's videos have no transparency. */
import { Zip } from "./zip.ts";
import type { RecordPlan } from "./record_formats.ts";

export interface Recording {
  /** Resolves with the whole file. @throws Error where nothing was recorded. */
  stop(): Promise<Blob>;
}

const BITS_A_PIXEL = 0.14;

/** What there is to record: the size of its pictures, a track of them, single ones, and the sound that goes with them, where there is any. */
export interface Recorded {
  width: number;
  height: number;
  track(): MediaStreamTrack;
  snapshot(): Promise<Blob>;
  sound: MediaStreamTrack | null;
}

export function record(what: Recorded, plan: RecordPlan): Recording {
  return plan.how === "video" ? recordVideo(what, plan.mime) : recordPictures(() => what.snapshot());
}

function recordVideo({ width, height, track, sound }: Recorded, mime: string): Recording {
  const stream = new MediaStream([track(), ...(sound ? [sound] : [])]);
  const rate = Math.max(2.5e6, width * height * 30 * BITS_A_PIXEL);
  const recorder = new MediaRecorder(stream, { mimeType: mime, videoBitsPerSecond: rate });
  const parts: Blob[] = [];
  let failed: Error | null = null;
  recorder.ondataavailable = ({ data }) => data.size && parts.push(data);
  recorder.onerror = (event) => (failed = new Error((event as ErrorEvent).message || "the browser stopped recording"));
  recorder.start(1000);
  return {
    stop: async () => {
      if (recorder.state !== "inactive") {
        const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
        recorder.stop();
        await stopped;
      }
      for (const track of stream.getVideoTracks()) track.stop();
      if (!parts.length) throw failed ?? new Error("this browser recorded no frame; choose PNG pictures at “Record as”");
      return new Blob(parts, { type: mime.split(";")[0] });
    },
  };
}

function recordPictures(snapshot: () => Promise<Blob>): Recording {
  const zip = new Zip();
  let going = true;
  const loop = (async () => {
    const since = performance.now();
    while (going) {
      const picture = await snapshot();
      // Milliseconds in the names, since pictures come as fast as the browser makes them, not at a steady rate.
      const at = String(Math.round(performance.now() - since)).padStart(7, "0");
      await zip.add(`${String(zip.files).padStart(5, "0")}-${at}ms.png`, picture);
    }
  })();
  let failed: unknown = null;
  loop.catch((error: unknown) => (failed = error));
  return {
    stop: async () => {
      going = false;
      await loop.catch(() => {});
      if (!zip.files) throw failed instanceof Error ? failed : new Error("no picture was recorded");
      return zip.finish();
    },
  };
}

let tried: Promise<boolean> | null = null;
/** Milliseconds for the trial; the first recording of a browser can take seconds to begin. */
const TRIAL = 20_000;

/** Whether a recording of a transparent canvas comes back transparent. Tried once, with a small one. */
export function recordsAlpha(): Promise<boolean> {
  return (tried ??= tryAlpha().catch(() => {
    tried = null;
    return false;
  }));
}

async function tryAlpha(): Promise<boolean> {
  const mime = ["video/webm;codecs=vp9", "video/webm;codecs=vp8"].find((type) => MediaRecorder.isTypeSupported(type));
  if (!mime) return false;
  const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: mime });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => data.size && parts.push(data);
  recorder.start(100);
  const since = performance.now();
  for (let frame = 0; frame < 6 || (!parts.length && performance.now() - since < TRIAL); frame++) {
    context.clearRect(0, 0, 128, 128);
    context.fillStyle = frame % 2 ? "#f00" : "#e00"; // a picture that stands still is not encoded again
    context.fillRect(0, 0, 64, 128);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => {
    recorder.onstop = resolve;
    recorder.stop();
  });
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, src: URL.createObjectURL(new Blob(parts, { type: mime })) });
  try {
    await new Promise((resolve, reject) => {
      video.requestVideoFrameCallback(resolve);
      video.onerror = reject;
      setTimeout(reject, TRIAL);
      void video.play().catch(() => {});
    });
    context.clearRect(0, 0, 128, 128);
    context.drawImage(video, 0, 0, 128, 128);
    const alphaAt = (x: number): number => context.getImageData(x, 64, 1, 1).data[3]!;
    return alphaAt(96) < 64 && alphaAt(32) > 192;
  } finally {
    URL.revokeObjectURL(video.src);
  }
}

/** Hand a file to the person, as a download. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
