// Runs one model on the pictures that limner.export.browser.run serves, and posts back what it gave. One job a page.

const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, int8: Int8Array, bool: Uint8Array };

// A library's answer is slow or wrong for a type that is not in ARRAYS: better to say so.
function arrayOf(dtype) {
  if (!(dtype in ARRAYS)) throw new Error(`arrays of ${dtype} cannot be passed to or from a browser here`);
  return ARRAYS[dtype];
}

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

async function post(path, body, meta = null) {
  await fetch(path, { method: "POST", body, headers: meta === null ? {} : { "x-meta": JSON.stringify(meta) } });
}

function script(path) {
  return new Promise((loaded, failed) => {
    const element = document.createElement("script");
    element.src = path;
    element.onload = loaded;
    element.onerror = () => failed(new Error(`${path} cannot be loaded`));
    document.head.append(element);
  });
}

// Each of these gives a function: inputs {name: {dtype, shape, data}} -> outputs likewise, in a promise.
const RUNTIMES = {
  async onnxruntime(job) {
    const ort = await import(`./lib/onnxruntime-web/dist/ort.wasm.min.mjs`);
    ort.env.wasm.wasmPaths = new URL("lib/onnxruntime-web/dist/", location.href).href;
    ort.env.wasm.numThreads = job.threads;
    ort.env.logLevel = "error";
    const begun = performance.now();
    const session = await ort.InferenceSession.create(new URL(job.model, location.href).href);
    return {
      loaded: performance.now() - begun,
      async run(inputs) {
        const feeds = {};
        for (const [name, { dtype, shape, data }] of Object.entries(inputs)) {
          feeds[name] = new ort.Tensor(dtype, data, shape);
        }
        const found = await session.run(feeds);
        return Object.fromEntries(
          Object.entries(found).map(([name, { type, dims, data }]) => [name, { dtype: type, shape: dims, data }]),
        );
      },
    };
  },

  async tfjs(job) {
    await script("lib/@tensorflow/tfjs-core/dist/tf-core.min.js");
    await script("lib/@tensorflow/tfjs-converter/dist/tf-converter.min.js");
    await script("lib/@tensorflow/tfjs-backend-cpu/dist/tf-backend-cpu.min.js");
    await script(`lib/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`);
    tf.wasm.setWasmPaths(new URL("lib/@tensorflow/tfjs-backend-wasm/dist/", location.href).href);
    tf.wasm.setThreadsCount(job.threads);
    if (!(await tf.setBackend(job.backend))) throw new Error(`TensorFlow.js has no backend ${job.backend} here`);
    const begun = performance.now();
    const model = await tf.loadGraphModel(job.model);
    const loaded = performance.now() - begun;
    const { signature } = await (await get(job.model)).json();
    const names = Object.keys(signature.outputs);
    const tensors = names.map((name) => signature.outputs[name].name);
    return {
      loaded,
      async run(inputs) {
        const feeds = {};
        for (const [name, { dtype, shape, data }] of Object.entries(inputs)) {
          // TensorFlow.js has no uint8 tensors: its models take such inputs as int32.
          feeds[name] = dtype === "uint8" ? tf.tensor(data, shape, "int32") : tf.tensor(data, shape, dtype);
        }
        const found = [model.execute(feeds, tensors)].flat();
        const outputs = {};
        for (const [index, tensor] of found.entries()) {
          outputs[names[index]] = { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() };
        }
        tf.dispose([found, feeds]);
        return outputs;
      },
    };
  },
};

function split(buffer, specs) {
  const inputs = {};
  let offset = 0;
  for (const { name, dtype, shape } of specs) {
    const kind = arrayOf(dtype);
    const count = shape.reduce((product, axis) => product * axis, 1);
    // slice: an array must begin where its type allows it to
    inputs[name] = { dtype, shape, data: new kind(buffer.slice(offset, offset + count * kind.BYTES_PER_ELEMENT)) };
    offset += count * kind.BYTES_PER_ELEMENT;
  }
  return inputs;
}

async function main() {
  const job = await (await get("job.json")).json();
  const runtime = await RUNTIMES[job.runtime](job);
  const times = [];
  for (let call = 0; call < job.calls; call++) {
    const inputs = split(await (await get(`input/${call}`)).arrayBuffer(), job.inputs);
    const begun = performance.now();
    const outputs = await runtime.run(inputs);
    times.push(performance.now() - begun);
    for (const { dtype } of Object.values(outputs)) arrayOf(dtype);
    const meta = Object.entries(outputs).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    await post(`output/${call}`, new Blob(Object.values(outputs).map(({ data }) => data)), meta);
  }
  await post("done", JSON.stringify({ load_ms: runtime.loaded, times_ms: times, isolated: crossOriginIsolated }));
}

main().catch((error) => post("failed", String(error?.message ?? error)));
