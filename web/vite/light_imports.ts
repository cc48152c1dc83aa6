/** Imports of a built page as the browser does them: Vite would put a helper before each, which loads styles that our parts do not have. */

import type { Plugin } from "vite";

const HELPER = "\0vite/preload-helper.js";

export function lightImports(): Plugin {
  return {
    name: "limner-light-imports",
    apply: "build",
    enforce: "pre",
    load: (id) => (id === HELPER ? "export const __vitePreload = (load) => load();" : null),
  };
}
