/** What the service worker keeps, and where a request belongs. */

export interface Kept {
  /** Changes with any file of the shell. */
  version: string;
  /** Changes with any file of the runtimes. */
  runtimes: string;
  /** Files of the shell that are fetched at once, relative to the page. */
  files: string[];
}

export interface BuiltFile {
  /** Relative to the page, with slashes. */
  path: string;
  bytes: number;
  /** Of its content. */
  hash: string;
}

/** Files above this are kept when they are first used: not everyone needs every runtime. */
export const LARGEST = 130_000;

/** What is kept of a built page. `digest` makes a short name out of text. */
export function keptOf(files: readonly BuiltFile[], digest: (text: string) => string): Kept {
  const ordered = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const runtimes = ordered.filter(({ path }) => path.startsWith("runtimes/"));
  const shell = ordered.filter(({ path }) => isShell(path));
  const text = (some: readonly BuiltFile[]): string => some.map(({ path, hash }) => `${path} ${hash}`).join("\n");
  return {
    version: digest(text(shell)),
    runtimes: digest(text(runtimes)),
    files: shell.filter(({ bytes }) => bytes <= LARGEST).map(({ path }) => path),
  };
}

function isShell(path: string): boolean {
  return !/^(runtimes|models)\//.test(path) && path !== "sw.js" && !/\.(map|br|gz|txt)$/.test(path) && !path.split("/").some((part) => part.startsWith("."));
}

export type Place = "shell" | "runtimes" | "cards";

/** Where what is asked for is kept; null where it is not kept here: weights, which the library keeps, and what lies elsewhere. */
export function placeOf(url: string, scope: string, navigates: boolean): Place | null {
  if (!url.startsWith(scope)) return null;
  const path = url.slice(scope.length).replace(/[?#].*$/, "");
  if (path === "sw.js") return null;
  if (path.startsWith("runtimes/")) return "runtimes";
  if (path.startsWith("models/")) return path.endsWith(".json") ? "cards" : null;
  if (navigates) return path === "" || path === "index.html" ? "shell" : null;
  return "shell";
}

/** Of all caches, those that an earlier version of the page left behind. Others, such as the library's, stay. */
export function cachesToDelete(names: readonly string[], current: readonly string[]): string[] {
  return names.filter((name) => /^limner-(shell|runtimes)-/.test(name) && !current.includes(name));
}
