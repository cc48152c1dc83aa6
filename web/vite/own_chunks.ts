/** Keeps packages of others in files of their own, so that it shows how large ours are. */

/** For Vite's `rolldownOptions.output`. Each package is a chunk; ONNX Runtime's builds, of which a page loads one, are one each. */
export const OWN_CHUNKS = {
  codeSplitting: { groups: [{ name: (id: string) => packageOf(id), test: /node_modules/ }] },
  chunkFileNames: "assets/[name]-[hash].js",
};

function packageOf(id: string): string | null {
  const found = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(id);
  if (!found) return null;
  const [, name, path] = found;
  const part = name === "onnxruntime-web" ? `-${path!.split("/").pop()!.replace(/\.(min|mjs|js)/g, "")}` : "";
  return `of-others-${name!.replace("@", "").replaceAll(/[^\w-]/g, "-")}${part.replaceAll(".", "-")}`;
}
