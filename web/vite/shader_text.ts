/** Shaders in fewer bytes: without comments and spaces, and with short names for what they declare themselves. */

import type { Plugin } from "vite";

const MARKED = /\/\* (?:glsl|wgsl) \*\/ `((?:[^`\\]|\\.)*)`/g;
/** Comments, lines for the preprocessor, what JavaScript puts in, numbers, words, spaces, and all else by the character. */
const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|(?<=^|\n)[ ]*#[^\n]*\n?|\$\{[^}]*\}|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*|[A-Za-z_]\w*|\s+|[^]/g;
/** A name is declared after a keyword or a type, or before a colon. */
const DECLARED = [/\b(?:fn|struct|let|const|var(?:<[^>]*>)?)\s+([A-Za-z_]\w*)/g, /\b([A-Za-z_]\w*)\s*:/g, /\b(?:float|int|vec[234]|ivec[234])\s+([A-Za-z_]\w*)/g, /,\s*([A-Za-z_]\w*)\s*=(?!=)/g];
/** Names that others know: uniforms and what stages hand on in GLSL, and entry points. */
const KNOWN = /\b(?:uniform|in|out)\s+\w+\s+([^;]+);/g;
const ENTRIES = ["main", "shade", "work", "corner"];
const TYPES = ["float", "int", "vec2", "vec3", "vec4", "ivec2", "ivec3", "ivec4"];
const BUILTIN = /@builtin\((\w+)\)/g;
/** Channels of vectors look like names of fields. */
const CHANNELS = /^[xyzwrgba]{1,4}$/;

/** Makes the marked shaders of a build short: template literals after a comment that names their language, glsl or wgsl. */
export function shortShaders(): Plugin {
  return {
    name: "limner-short-shaders",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith(".ts") || id.includes("node_modules") || code.search(MARKED) < 0) return null;
      return { code: shortened(code), map: null };
    },
  };
}

/** Source text with its marked shaders made short. Shaders of one file may be put together: they share names. */
export function shortened(code: string): string {
  const texts = [...code.matchAll(MARKED)].map((found) => found[1]!);
  const names = shortNames(texts.map(plain));
  return code.replace(MARKED, (_, text: string) => `\`${tight(text, names)}\``);
}

/** Without comments. */
function plain(text: string): string {
  return (text.match(TOKEN) ?? []).filter((token) => !/^\/[/*]/.test(token)).join("");
}

/** Short names for what the texts declare, the shortest for what is written most often. */
function shortNames(texts: readonly string[]): Map<string, string> {
  const whole = texts.join("\n");
  const words = whole.match(/[A-Za-z_]\w*/g) ?? [];
  const known = [...whole.matchAll(KNOWN)].flatMap((found) => found[1]!.split(",").map((name) => name.trim()));
  const declared = new Set(DECLARED.flatMap((pattern) => [...whole.matchAll(pattern)].map((found) => found[1]!)));
  const builtins = [...whole.matchAll(BUILTIN)].map((found) => found[1]!);
  for (const name of [...known, ...builtins, ...ENTRIES, ...TYPES]) declared.delete(name);
  for (const name of declared) if (CHANNELS.test(name)) declared.delete(name);
  const counts = new Map([...declared].map((name) => [name, 0]));
  for (const word of words) if (counts.has(word)) counts.set(word, counts.get(word)! + 1);
  const taken = new Set(words.filter((word) => !declared.has(word)));
  const short = candidates(taken);
  return new Map([...counts].sort((a, b) => b[1] - a[1]).map(([name]) => [name, short.next().value!]));
}

/** a … z, A … Z, a0, b0, …: no keyword of either language looks like that. */
function* candidates(taken: ReadonlySet<string>): Generator<string, never> {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  for (let round = -1; ; round++) for (const letter of letters) if (!taken.has(letter + (round < 0 ? "" : round))) yield letter + (round < 0 ? "" : round);
}

function tight(text: string, names: ReadonlyMap<string, string>): string {
  let made = "";
  let before = "";
  let space = false;
  for (const token of text.match(TOKEN) ?? []) {
    if (/^(?:\/[/*]|\s+$)/.test(token)) space = true;
    else {
      const line = token.trimStart().startsWith("#");
      const next = line ? `${/^$|\n$/.test(made) ? "" : "\n"}${token.trim()}\n` : (names.get(token) ?? number(token));
      made += space && apart(before, next) ? ` ${next}` : next;
      before = next;
      space = false;
    }
  }
  return made;
}

/** 0.5 as .5 and 1.0 as 1. */
function number(token: string): string {
  return /^\d+\.\d+$/.test(token) ? token.replace(/^0(?=\.\d*[1-9])/, "").replace(/\.0+$/, ".") : token;
}

/** Whether two tokens would become one word or operator without a space. */
function apart(before: string, after: string): boolean {
  const word = /^(?:[\w.]|\$\{)/;
  if (word.test(before) && word.test(after)) return true;
  return /^(?:\+\+|--|&&|\|\||<<|>>|[-+*/%&|<>=!]=|\/[/*])$/.test(before + after);
}
