/** What the build adds to the page: the runtimes' own files, the service worker, the content policy, and models for the preview. */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, readdir, stat } from "node:fs/promises";
import { createReadStream, existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename, dirname, join, relative, resolve } from "node:path";
import { build, type Connect, type Plugin } from "vite";
import { packageFolder, RUNTIME_FILES } from "../runtime_files.ts";
import { keptOf, type BuiltFile } from "./src/worker/keeping.ts";

const here = import.meta.dirname;
const MODELS = resolve(here, "../../src/limner/models");
/** The same in other formats: litert/ and tfjs/. */
const CONVERTED = resolve(here, "../../src/limner/web/models");

/** As limner/web/headers.py has it; a page may not set frame-ancestors for itself. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
export const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Resource-Policy": "same-origin" };
const TYPES: Record<string, string> = { ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

/** The policy in the page itself, for hosts that set no headers. */
export function contentPolicy(): Plugin {
  return {
    name: "limner-content-policy",
    apply: "build",
    transformIndexHtml: () => [{ tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" }],
  };
}

/** The colours that were chosen, set before anything is painted: a plain script, which Vite would warn of in the page. */
export function earlyTheme(): Plugin {
  return { name: "limner-early-theme", transformIndexHtml: { order: "post", handler: () => [{ tag: "script", attrs: { src: "./theme.js" }, injectTo: "head-prepend" }] } };
}

/** Files that the runtimes fetch for themselves: copied by a build, served from their packages before one. */
export function runtimes(): Plugin {
  const sources = new Map<string, string>(RUNTIME_FILES.flatMap(({ from, files, into }) => files.map((file) => [`${into}/${basename(file)}`, join(packageFolder(from), file)] as const)));
  let out = "";
  return {
    name: "limner-runtimes",
    configResolved: (config) => void (out = resolve(config.root, config.build.outDir)),
    configureServer: (server) => void server.middlewares.use((request, response, pass) => serve(sources.get(pathOf(request)), response, pass)),
    async writeBundle() {
      for (const [to, from] of sources) {
        await mkdir(dirname(join(out, to)), { recursive: true });
        await cp(from, join(out, to));
      }
    },
  };
}

/** Models under models/, as `limner web` serves them: for `vite` and `vite preview`. */
export function models(): Plugin {
  const middleware: Connect.NextHandleFunction = (request, response, pass) => {
    const path: string = pathOf(request);
    if (!path.startsWith("models/")) return pass();
    if (path === "models/index.json") return void modelIndex().then((index) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(index)), pass);
    const parts = path.split("/").slice(1);
    const plain = parts.every((part) => /^\w[\w.-]*$/.test(part));
    serve(plain ? join(parts.length > 1 ? CONVERTED : MODELS, ...parts) : undefined, response, pass);
  };
  return { name: "limner-models", configureServer: (server) => void server.middlewares.use(middleware), configurePreviewServer: (server) => void server.middlewares.use(middleware) };
}

async function modelIndex(): Promise<object> {
  const names = (await readdir(MODELS)).filter((name) => name.endsWith(".onnx") && name !== "harmonize.onnx");
  const models = await Promise.all(
    names.map(async (file) => {
      const name = file.replace(".onnx", "");
      const card = JSON.parse(await readFile(join(MODELS, `${name}.json`), "utf8")) as { summary: string; input: { size: [number, number] } };
      const [height, width] = card.input.size;
      const formats = ["onnx", ...(existsSync(join(CONVERTED, "litert", `${name}.tflite`)) ? ["tflite", "tfjs"] : [])];
      return { name, format: "onnx", formats, model: file, card: `${name}.json`, bytes: (await stat(join(MODELS, file))).size, width, height, summary: card.summary };
    }),
  );
  return { schema: 1, default: "fast", models };
}

/** The service worker, built last, when it is known which files there are. */
export function serviceWorker(): Plugin {
  let out = "";
  return {
    name: "limner-service-worker",
    apply: "build",
    configResolved: (config) => void (out = resolve(config.root, config.build.outDir)),
    closeBundle: {
      order: "post",
      sequential: true,
      async handler() {
        const kept = keptOf(await builtFiles(out), (text) => sha256(text).slice(0, 12));
        await build({
          configFile: false,
          root: here,
          logLevel: "warn",
          publicDir: false,
          define: { __KEPT__: JSON.stringify(kept) },
          build: {
            target: "es2022",
            outDir: out,
            emptyOutDir: false,
            copyPublicDir: false,
            lib: { entry: join(here, "src/worker/sw.ts"), formats: ["iife"], name: "limner", fileName: () => "sw.js" },
          },
        });
      },
    },
  };
}

async function builtFiles(folder: string): Promise<BuiltFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (file) => {
      const content = await readFile(file);
      return { path: relative(folder, file).replaceAll("\\", "/"), bytes: content.length, hash: sha256(content) };
    }),
  );
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
const pathOf = (request: IncomingMessage): string => decodeURIComponent((request.url ?? "").replace(/[?#].*$/, "")).replace(/^\//, "");

function serve(file: string | undefined, response: ServerResponse, pass: Connect.NextFunction): void {
  if (!file) return pass();
  const stream = createReadStream(file);
  stream.once("error", () => pass());
  stream.once("open", () => {
    response.setHeader("Content-Type", TYPES[file.slice(file.lastIndexOf("."))] ?? "application/octet-stream");
    for (const [name, value] of Object.entries(ISOLATION)) response.setHeader(name, value);
    stream.pipe(response);
  });
}
