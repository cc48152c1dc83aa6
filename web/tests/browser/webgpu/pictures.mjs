/** What is drawn on the device, from pictures, frames and tracks. */

const EFFECTS = ["none", "blur", "replace", "color", "transparent", "mask"];

export const PICTURES = {
  /** The pictures of every effect from one map, WebGPU beside WebGL. */
  effects: (page) =>
    page.evaluate(async (effects) => {
      const { open, view, picture, pixels, psnr, apart, mean, base64, copies } = stage;
      const [portrait, background] = [await picture("/samples/portrait.jpg"), await picture("/samples/lake.jpg")];
      const drawn = {};
      for (const renderer of ["webgl2", "webgpu"]) {
        const segmenter = await open("fast", "ort-wasm", renderer);
        const shown = view(segmenter, { background });
        const before = copies();
        await shown.show(portrait);
        const found = (drawn[renderer] = { matte: await shown.matte(), copies: copies() - before, pictures: {}, blobs: {} });
        for (const effect of effects) {
          for (const mirror of effect === "replace" ? [false, true] : [false]) {
            shown.update({ effect, mirror });
            const name = mirror ? `${effect} mirrored` : effect;
            found.blobs[name] = await shown.snapshot();
            found.pictures[name] = await pixels(found.blobs[name]);
          }
        }
        segmenter.close();
      }
      const { webgl2, webgpu } = drawn;
      const result = { apart: apart(webgl2.matte, webgpu.matte), person: mean(webgpu.matte), copies: webgpu.copies, psnr: {}, pictures: {} };
      for (const name in webgl2.pictures) {
        result.psnr[name] = psnr(webgl2.pictures[name], webgpu.pictures[name]);
        for (const renderer in drawn) result.pictures[`${name} ${renderer}`] = await base64(drawn[renderer].blobs[name]);
      }
      return result;
    }, EFFECTS),

  /** Frames that say they are to be turned, mirrored, cropped or stretched: both renderers show them alike. */
  frames: (page) =>
    page.evaluate(async () => {
      const { open, view, pixels, psnr, reel } = stage;
      const [width, height] = [64, 32];
      const context = new OffscreenCanvas(width, height).getContext("2d");
      for (const [index, color] of ["#f00", "#0f0", "#00f", "#fff"].entries()) {
        context.fillStyle = color;
        context.fillRect((index % 2) * 32, (index >> 1) * 16, 32, 16);
      }
      const { data } = context.getImageData(0, 0, width, height);
      const kinds = {
        plain: {},
        turned: { rotation: 90 },
        "upside down": { rotation: 180 },
        mirrored: { flip: true },
        cropped: { visibleRect: { x: 32, y: 0, width: 32, height: 32 } },
        stretched: { displayWidth: 128, displayHeight: 32 },
        "stretched and turned": { displayWidth: 128, displayHeight: 32, rotation: 270 },
        "the same again": { displayWidth: 128, displayHeight: 32, rotation: 270 },
        "the same size of other pixels": { visibleRect: { x: 0, y: 0, width: 16, height: 32 }, displayWidth: 32, displayHeight: 128 },
      };
      const found = Object.fromEntries(Object.keys(kinds).map((name) => [name, {}]));
      const pictures = {};
      for (const renderer of ["webgl2", "webgpu"]) {
        const segmenter = await open("/own/sigmoid.json", "ort-wasm", renderer);
        const shown = view(segmenter, { effect: "none" });
        const write = await reel(shown);
        for (const [number, [name, options]] of Object.entries(kinds).entries()) {
          await write(new VideoFrame(data, { timestamp: 1_000_000 * (1 + number), format: "RGBA", codedWidth: width, codedHeight: height, ...options }));
          const seen = await pixels(await shown.snapshot());
          const at = (x, y) => ["r", "g", "b"].filter((_, channel) => seen.data[4 * (Math.floor(y * seen.height) * seen.width + Math.floor(x * seen.width)) + channel] > 127).join("");
          found[name][renderer] = { size: [seen.width, seen.height], corners: [at(0.2, 0.2), at(0.8, 0.2), at(0.2, 0.8), at(0.8, 0.8)] };
          (pictures[name] ??= []).push(seen);
        }
        segmenter.close();
      }
      for (const name in found) found[name].psnr = psnr(...pictures[name]);
      return found;
    }),

  /** In a worker, as everybody has it: what the page shows is what a snapshot gives. */
  worker: async (page) => {
    const snapshot = await page.evaluate(async () => {
      const { open, view, picture, base64 } = stage;
      const segmenter = await open("/own/sigmoid.json", "ort-webgpu", "webgpu", true);
      const shown = view(segmenter, { effect: "color" });
      document.body.append(shown.canvas);
      await shown.show(await picture("/samples/portrait.jpg"));
      return base64(await shown.snapshot());
    });
    await page.setViewportSize({ width: 800, height: 1000 });
    let screenshot, found;
    // What the worker has drawn reaches the page a little later.
    for (let tries = 0; tries === 0 || (found.psnr < 40 && tries < 30); tries++) {
      screenshot = (await page.locator("canvas").screenshot()).toString("base64");
      found = await page.evaluate(async (pictures) => {
        const [one, two] = await Promise.all(pictures.map(async (text) => stage.pixels(stage.blobOf(text))));
        return { size: [one.width, one.height], psnr: stage.psnr(one, two) };
      }, [snapshot, screenshot]);
    }
    return { ...found, pictures: { "worker snapshot": snapshot, "worker screenshot": screenshot } };
  },

  /** A track for a call, made in a worker: red stays, blue becomes the fill, and what was transparent stays so. */
  track: (page) =>
    page.evaluate(async () => {
      const { open, pixels, wait } = stage;
      const context = new OffscreenCanvas(640, 480).getContext("2d");
      for (const [index, color] of ["#f00", "#00f"].entries()) {
        context.fillStyle = color;
        context.fillRect(320 * index, 0, 320, 480);
      }
      const segmenter = await open("/own/sigmoid.json", "ort-webgpu", "webgpu", true);
      const source = new MediaStreamTrackGenerator({ kind: "video" });
      const writer = source.writable.getWriter();
      const processed = segmenter.processTrack(source, { effect: "color", color: "#00ff00", mirror: true });
      const reader = new MediaStreamTrackProcessor({ track: processed }).readable.getReader();
      let seen = null;
      const first = reader.read().then(({ value }) => (seen = value));
      for (let sent = 0; sent < 1800 && !seen; sent++) {
        await writer.write(new VideoFrame(context.canvas, { timestamp: 33_000 * sent }));
        await Promise.race([first, wait(500)]);
      }
      const canvas = new OffscreenCanvas(seen.displayWidth, seen.displayHeight);
      canvas.getContext("2d").drawImage(seen, 0, 0);
      const { data, width, height } = await pixels(await canvas.convertToBlob());
      const at = (x) => [...data.subarray(4 * (240 * width + x), 4 * (240 * width + x) + 3)];
      seen.close();
      return { size: [width, height], left: at(100), right: at(540) };
    }),
};
