/** The service worker: keeps the page, and what it loaded, for use without a network. */
/// <reference lib="webworker" />

import { cachesToDelete, placeOf, type Kept } from "./keeping.ts";

declare const self: ServiceWorkerGlobalScope;
/** Put in when the page is built. */
declare const __KEPT__: Kept;

const kept: Kept = __KEPT__;
const SHELL = `limner-shell-${kept.version}`;
const RUNTIMES = `limner-runtimes-${kept.runtimes}`;
const CARDS = "limner-cards";

/** Without these a page gets no threads; a plain host of files does not send them. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", (event) => event.waitUntil(fillShell()));

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of cachesToDelete(await caches.keys(), [SHELL, RUNTIMES, CARDS])) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "switch") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || request.headers.has("range")) return;
  const place = placeOf(request.url, self.registration.scope, request.mode === "navigate");
  if (place === "shell") event.respondWith(fromShell(request));
  else if (place === "runtimes") event.respondWith(fromCache(request, RUNTIMES));
  else if (place === "cards") event.respondWith(fromNetwork(request));
});

async function fillShell(): Promise<void> {
  const cache = await caches.open(SHELL);
  await Promise.all(
    kept.files.map(async (file) => {
      const response = await fetch(new URL(file, self.registration.scope), { cache: "no-cache" });
      if (!response.ok) throw new Error(`${file}: HTTP ${response.status}`);
      await cache.put(new URL(file, self.registration.scope), response);
    }),
  );
}

async function fromShell(request: Request): Promise<Response> {
  const address = request.mode === "navigate" ? new URL("index.html", self.registration.scope) : request.url;
  const found = await (await caches.open(SHELL)).match(address, { ignoreSearch: true });
  return found ? isolated(found) : fromCache(request, SHELL);
}

async function fromCache(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name);
  const found = await cache.match(request, { ignoreVary: true });
  if (found) return isolated(found);
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request, response.clone()).catch(() => {}); // a full disk is no reason to stop
  return isolated(response);
}

/** Cards and the list of models are small and may change any day: the network first. */
async function fromNetwork(request: Request): Promise<Response> {
  const cache = await caches.open(CARDS);
  try {
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, response.clone()).catch(() => {});
    return isolated(response);
  } catch (error) {
    const found = await cache.match(request, { ignoreVary: true });
    if (found) return isolated(found);
    throw error;
  }
}

function isolated(response: Response): Response {
  if (response.type === "opaque" || response.type === "error" || response.status === 304) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
