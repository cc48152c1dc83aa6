/** The worker as a chunk of the same build as the page: Vite would bundle it apart, with all that both use a second time. */

import { resolve } from "node:path";
import type { Plugin } from "vite";

const WORKER = resolve(import.meta.dirname, "../lib/src/worker/worker.ts");
const PLACE = `new URL("../worker/worker.ts", import.meta.url)`;

export function workerChunk(): Plugin {
  return {
    name: "limner-worker-chunk",
    apply: "build",
    enforce: "pre",
    transform(code, id) {
      if (!id.endsWith("/page/link.ts")) return null;
      if (!code.includes(PLACE)) throw new Error(`${id} does not open the worker as ${PLACE}`);
      const file = this.emitFile({ type: "chunk", id: WORKER, name: "worker" });
      return { code: code.replace(PLACE, `import.meta.ROLLUP_FILE_URL_${file}`), map: null };
    },
  };
}
