/** What the page says in the picture's place: each state with its text and what to do about it. */
import type { LimnerWebError } from "limner-web";

export const ACTIONS = {
  camera: "Start camera",
  file: "Open a file…",
  clip: "Try the sample",
  retry: "Try again",
  "other-camera": "Use another camera",
  "auto-engine": "Choose for me",
  "default-model": "Use the model “fast”",
  reload: "Reload the page",
} as const;
export type ActionName = keyof typeof ACTIONS;

export interface Message {
  icon: string;
  title: string;
  text?: string;
  remedy?: string;
  /** The first is the one to press. */
  actions?: readonly ActionName[];
  /** "welcome" has a picture in place of the icon. */
  tone?: "problem" | "busy" | "welcome";
}

export type Problem =
  | "insecure"
  | "no-camera"
  | "camera-gone-missing"
  | "refused"
  | "dismissed"
  | "refused-by-system"
  | "busy"
  | "unplugged"
  | "camera-failed"
  | "unreadable-photo"
  | "unreadable-video"
  | "no-model"
  | "bad-model"
  | "no-runtime"
  | "no-renderer"
  | "lost"
  | "offline"
  | "failed";

/** What is known about the page and the person's choices when something goes wrong. */
export interface Circumstances {
  online: boolean;
  model: string;
  /** Whether the runtime or the drawing was chosen by hand. */
  chosen: boolean;
  /** What the failing part said. */
  detail?: string;
  /** The file that was opened. */
  name?: string;
}

export const WELCOME: Message = {
  icon: "video",
  title: "Change what is behind you",
  text: "Blur it, replace it or cut it out: in a camera’s picture, a video or a photo. No picture leaves this device.",
  actions: ["camera", "file", "clip"],
  tone: "welcome",
};
export const ASKING: Message = {
  icon: "video",
  title: "May this page use the camera?",
  text: "Answer the browser’s question. The picture stays on this device.",
  tone: "busy",
};
export const OPENING: Message = { icon: "open", title: "Opening…", tone: "busy" };
export const WAITING: Message = {
  icon: "lock",
  title: "Looking for people…",
  text: "Nothing is shown before the first mask is there.",
  tone: "busy",
};
export const NO_PICTURE: Message = {
  icon: "video",
  title: "The camera sends no picture",
  text: "It is on, but nothing comes from it.",
  remedy: "Open its cover or its switch, or end the call that uses it. The picture returns by itself.",
  tone: "problem",
};

const said = (detail: string | undefined): string => (detail ? ` It says: ${detail.replace(/[.\s]*$/, ".")}` : "");

const PROBLEMS: Record<Problem, (c: Circumstances) => Message> = {
  insecure: () => ({
    icon: "lock",
    title: "The camera needs a secure page",
    text: "Browsers give the camera only to pages at https:// or on this same machine.",
    remedy: "Open this page with https://, or as http://localhost. Photos and videos work here as well.",
    actions: ["file", "clip"],
  }),
  "no-camera": () => ({
    icon: "video",
    title: "No camera found",
    text: "This device has no camera that the browser can see.",
    remedy: "Plug one in and try again, or open a photo or a video.",
    actions: ["retry", "file", "clip"],
  }),
  "camera-gone-missing": () => ({
    icon: "video",
    title: "The chosen camera is not there",
    text: "It was there the last time.",
    remedy: "Plug it in and try again, or use another one.",
    actions: ["other-camera", "retry", "file"],
  }),
  refused: () => ({
    icon: "video",
    title: "The camera is blocked for this page",
    text: "The browser was told not to let this page use it.",
    remedy: "Press the camera or the lock in the address bar, allow the camera, then try again.",
    actions: ["retry", "file", "clip"],
  }),
  dismissed: () => ({
    icon: "video",
    title: "The camera was not allowed",
    text: "The browser’s question was closed without a yes.",
    remedy: "Try again and choose Allow. The picture stays on this device.",
    actions: ["retry", "file", "clip"],
  }),
  "refused-by-system": () => ({
    icon: "video",
    title: "The system keeps the camera from the browser",
    text: "The page may use it, but the browser itself may not.",
    remedy: "Allow this browser in the system’s privacy settings under Camera, then try again.",
    actions: ["retry", "file", "clip"],
  }),
  busy: () => ({
    icon: "video",
    title: "The camera is in use",
    text: "Another program or page has it and does not share it.",
    remedy: "End the call or close the program, then try again.",
    actions: ["retry", "other-camera", "file"],
  }),
  unplugged: () => ({
    icon: "video",
    title: "The camera is gone",
    text: "It was unplugged, or the system took it away.",
    remedy: "Plug it in again; the picture returns by itself.",
    actions: ["retry", "other-camera", "file"],
  }),
  "camera-failed": (c) => ({
    icon: "video",
    title: "The camera does not start",
    text: `The browser found it, but gets no picture from it.${said(c.detail)}`,
    remedy: "Try again, or choose another resolution or another camera.",
    actions: ["retry", "other-camera", "file"],
  }),
  "unreadable-photo": (c) => ({
    icon: "image",
    title: "This photo cannot be opened",
    text: `${c.name ?? "The file"} is damaged, or of a kind that this browser does not read.`,
    remedy: "Save it as JPEG, PNG or WebP and open that.",
    actions: ["file", "clip"],
  }),
  "unreadable-video": (c) => ({
    icon: "film",
    title: "This video cannot be played",
    text: `${c.name ?? "The file"} is damaged, or of a kind that this browser does not play.`,
    remedy: "Save it as MP4 (H.264) or WebM and open that.",
    actions: ["file", "clip"],
  }),
  "no-model": (c) => ({
    icon: "warn",
    title: `The model “${c.model}” cannot be loaded`,
    text: c.detail ?? "Its files are not where this page comes from.",
    remedy: "Try again, or choose another model under Engine.",
    actions: c.model === "fast" ? ["retry"] : ["default-model", "retry"],
  }),
  "bad-model": (c) => ({
    icon: "warn",
    title: `The model “${c.model}” cannot be used`,
    text: c.detail ?? "Its card or its weights are not what this page expects.",
    remedy: "Choose another model, or export it again with its card.",
    actions: c.model === "fast" ? ["retry"] : ["default-model"],
  }),
  "no-runtime": (c) => ({
    icon: "warn",
    title: "Nothing here can run the model",
    text: c.detail ?? "None of the runtimes starts in this browser.",
    remedy: c.chosen ? "Let the page choose the runtime." : "Use a current version of Chrome, Edge, Firefox or Safari, with WebAssembly allowed.",
    actions: c.chosen ? ["auto-engine"] : ["retry"],
  }),
  "no-renderer": (c) => ({
    icon: "warn",
    title: "The picture cannot be drawn this way",
    text: c.detail ?? "This browser does not offer it.",
    remedy: c.chosen ? "Let the page choose how to draw." : "Turn on hardware acceleration in the browser’s settings, and reload the page.",
    actions: c.chosen ? ["auto-engine"] : ["reload"],
  }),
  lost: (c) => ({
    icon: "warn",
    title: "The graphics device was lost",
    text: c.detail ?? "The browser or its driver took it away, and it did not come back.",
    remedy: "Start again. If it happens often, choose another runtime under Engine.",
    actions: ["retry", "reload"],
  }),
  offline: () => ({
    icon: "warn",
    title: "You are offline",
    text: "Parts that this needs were never loaded on this device.",
    remedy: "Go online once and try again. After that they are kept.",
    actions: ["retry"],
  }),
  failed: (c) => ({
    icon: "warn",
    title: "Something went wrong",
    text: c.detail ?? "It did not say what.",
    remedy: "Try again; if that does not help, reload the page.",
    actions: ["retry", "reload"],
  }),
};

export function messageFor(problem: Problem, circumstances: Circumstances): Message {
  return { tone: "problem", ...PROBLEMS[problem](circumstances) };
}

/** What is loading, in words and numbers; `share` is null where the whole is not known. */
export function loadingMessage(progress: { what: "runtime" | "model"; loaded: number; total: number } | null): Message & { share: number | null; amount: string } {
  const title = progress?.what === "model" ? "Loading the model…" : progress ? "Loading what runs the model…" : "Getting ready…";
  const known = progress !== null && progress.total > 0;
  const amount = !progress || progress.loaded === 0 ? "" : known ? `${megabytes(progress.loaded)} of ${megabytes(progress.total)}` : megabytes(progress.loaded);
  return {
    icon: "install",
    title,
    text: "Once; it is kept on this device.",
    tone: "busy",
    share: known ? Math.min(1, progress.loaded / progress.total) : null,
    amount,
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`;
}

/** What getUserMedia's refusal means. */
export function cameraProblem(error: unknown, permission: PermissionState | null): Problem {
  const { name, message } = error instanceof Error || error instanceof DOMException ? error : { name: "", message: "" };
  switch (name) {
    case "NotFoundError":
    case "DevicesNotFoundError":
      return "no-camera";
    case "OverconstrainedError":
      return "camera-gone-missing";
    case "NotAllowedError":
    case "PermissionDeniedError":
      if (/system/i.test(message)) return "refused-by-system";
      return permission === "prompt" || /dismiss/i.test(message) ? "dismissed" : "refused";
    case "SecurityError":
      return "refused";
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "busy";
    default:
      return "camera-failed";
  }
}

/** What a refusal of the library means to the person. */
export function engineProblem(error: unknown, online: boolean): Problem {
  const code = (error as Partial<LimnerWebError> | null)?.code;
  if (!online && (code === "no-model" || code === "no-runtime")) return "offline";
  switch (code) {
    case "no-model":
    case "bad-model":
    case "no-runtime":
    case "no-renderer":
    case "lost":
      return code;
    case "bad-option": // a runtime or a renderer that this version does not have, or that does not take the model
      return "no-runtime";
    default:
      return "failed";
  }
}
