/** Mattes on the device beside those off it. */

export const MATTES = {
  /** The net on the device and off it, on one picture, and what crosses to the CPU on the way. */
  net: (page) =>
    page.evaluate(async () => {
      const { open, view, picture, apart, mean, copies } = stage;
      const portrait = await picture("/samples/portrait.jpg");
      const found = {};
      for (const [runtime, renderer] of [["ort-wasm", "webgl2"], ["ort-webgpu", "webgpu"]]) {
        const segmenter = await open("tiny", runtime, renderer);
        const shown = view(segmenter, { effect: "blur" });
        const before = copies();
        await shown.show(portrait);
        shown.update({ effect: "color" });
        await shown.snapshot();
        const drawing = copies() - before;
        found[runtime] = { matte: await shown.matte(), drawing, reading: copies() - before - drawing, info: segmenter.info };
        segmenter.close();
      }
      const { matte, ...rest } = found["ort-webgpu"];
      return { ...rest, apart: apart(found["ort-wasm"].matte, matte), person: mean(matte) };
    }),

  /** A net that is told the mask before, over frames of a clip, 4:3; first on the CPU, then on the device, by runtimes of these names. */
  clip: (page, model, frames, runtimes = ["ort-wasm", "ort-webgpu"]) =>
    page.evaluate(
      async ([model, count, [onCpu, onDevice]]) => {
        const { open, view, apart, mean, reel, copies, until, frameAt } = stage;
        const video = document.createElement("video");
        Object.assign(video, { src: "/samples/clip.mp4", muted: true });
        await until(() => video.readyState >= 2);
        const frames = [];
        for (let number = 0; number < count; number++) frames.push(await frameAt(video, 1 + 0.2 * number, 4 / 3));
        const mattes = {};
        let drawing = 0;
        for (const [runtime, renderer] of [[onCpu, "webgl2"], [onDevice, "webgpu"]]) {
          const segmenter = await open(model, runtime, renderer);
          const shown = view(segmenter, { effect: "blur" });
          const write = await reel(shown);
          mattes[runtime] = [];
          for (const [number, frame] of frames.entries()) {
            const before = copies();
            await write(new VideoFrame(frame, { timestamp: 40_000 * (100 + number) }));
            drawing += copies() - before;
            mattes[runtime].push(await shown.matte());
          }
          segmenter.close();
        }
        const pairs = mattes[onCpu].map((matte, number) => apart(matte, mattes[onDevice][number]));
        return { pairs, person: mattes[onDevice].map(mean), moved: apart(mattes[onCpu][0], mattes[onCpu].at(-1)), drawing };
      },
      [model, frames, runtimes],
    ),

  /** A camera that is turned on its side and back while it runs, by runtimes off the device and on it. */
  turned: (page, model, onCpu, onDevice) =>
    page.evaluate(
      async ([model, runtimes]) => {
        const { open, view, picture, apart, mean, reel, wait, until, devices } = stage;
        const portrait = await picture("/samples/portrait.jpg");
        const { width, height } = portrait;
        const [shorter, longer] = [0.56 * width, width];
        // The same head, with more beside it or below it.
        const wide = await createImageBitmap(portrait, 0, 0.2 * height, longer, shorter);
        const tall = await createImageBitmap(portrait, 0.22 * width, 0, shorter, longer);
        const mattes = {};
        const found = { inputs: {}, states: {}, gaps: {} };
        for (const [runtime, renderer] of [[runtimes[0], "webgl2"], [runtimes[1], "webgpu"]]) {
          const segmenter = await open(model, runtime, renderer);
          const opened = devices.length;
          let stats = null;
          const shown = view(segmenter, { effect: "color" }, (told) => (stats = told));
          const write = await reel(shown);
          mattes[runtime] = [];
          found.inputs[runtime] = [];
          found.gaps[runtime] = 0;
          for (const [number, frame] of [wide, tall, tall, wide].entries()) {
            stats = null;
            await wait(300); // numbers come four times a second at most, and with this frame then
            await write(new VideoFrame(frame, { timestamp: 40_000 * (100 + number) }));
            await until(() => stats?.width === frame.width && stats.height === frame.height); // not those of a leader
            found.inputs[runtime].push(stats.input);
            const matte = await shown.matte();
            if (matte.width !== frame.width || matte.height !== frame.height || shown.state !== "running") found.gaps[runtime]++;
            mattes[runtime].push(matte);
          }
          found.states[runtime] = [...shown.states];
          found.opened = devices.length - opened + 1;
          segmenter.close();
        }
        const [one, other] = runtimes.map((runtime) => mattes[runtime]);
        return { ...found, pairs: one.map((matte, number) => apart(matte, other[number])), person: other.map(mean) };
      },
      [model, [onCpu, onDevice]],
    ),

  /** Outputs of every kind, on the device and off it; of the first also where the device's map is drawn elsewhere. */
  kinds: (page, ...models) =>
    page.evaluate(async (models) => {
      const { open, view, picture, apart, mean } = stage;
      const portrait = await picture("/samples/portrait.jpg");
      const found = {};
      for (const model of models) {
        const mattes = [];
        const ways = [["ort-wasm", "webgl2"], ["ort-webgpu", "webgpu"], ["ort-webgpu", "webgl2"]];
        for (const [runtime, renderer] of ways.slice(0, model === models[0] ? 3 : 2)) {
          const segmenter = await open(`/own/${model}.json`, runtime, renderer);
          const shown = view(segmenter, { effect: "color" });
          await shown.show(portrait);
          mattes.push(await shown.matte());
          segmenter.close();
        }
        found[model] = { apart: mattes.map((matte) => apart(mattes[0], matte)), person: mean(mattes[0]) };
      }
      return found;
    }, models),

  /** Nets that cannot be run on the device. */
  refused: (page, ...models) =>
    page.evaluate(async (models) => {
      const found = {};
      for (const model of models) {
        const opened = await stage.open(`/own/${model}.json`, "ort-webgpu", "webgpu").catch((error) => error);
        found[model] = opened instanceof Error ? [opened.code, opened.message] : ["opened", ""];
      }
      return found;
    }, models),

  /** Nets that give what is no number: nothing of the frame is to be seen. */
  unsound: (page, ...models) =>
    page.evaluate(async (models) => {
      const { open, view, picture, pixels, mean } = stage;
      const portrait = await picture("/samples/portrait.jpg");
      const found = {};
      for (const model of models) {
        const segmenter = await open(`/own/${model}.json`, "ort-webgpu", "webgpu");
        const shown = view(segmenter, { effect: "none" });
        await shown.show(portrait);
        found[model] = {};
        for (const effect of ["none", "blur", "replace", "color", "transparent"]) {
          shown.update({ effect });
          const { data } = await pixels(await shown.snapshot());
          found[model][effect] = new Set(new Uint32Array(data.buffer)).size;
        }
        found[model].matte = mean(await shown.matte());
        segmenter.close();
      }
      return found;
    }, models),
};
