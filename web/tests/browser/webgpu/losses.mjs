/** Graphics devices that go away. */

export const LOSSES = {
  /** The browser's own process for graphics dies, as drivers make it do: a photo comes back without anybody's doing. */
  async crash(page) {
    const found = {};
    for (const [runtime, renderer] of [["ort-webgpu", "webgpu"], ["ort-wasm", "webgl2"]]) {
      await page.evaluate(
        async ([runtime, renderer]) => {
          const segmenter = await stage.open("/own/sigmoid.json", runtime, renderer, true);
          const shown = stage.view(segmenter, { effect: "color" });
          document.body.replaceChildren(shown.canvas);
          await shown.show(await stage.picture("/samples/portrait.jpg"));
          Object.assign(stage, { segmenter, shown, before: await shown.matte() });
        },
        [runtime, renderer],
      );
      const session = await page.context().browser().newBrowserCDPSession();
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      process.kill(processInfo.find(({ type }) => type === "GPU").id, "SIGKILL");
      found[`${runtime} ${renderer}`] = await page.evaluate(async () => {
        const { shown, until, before, apart, segmenter } = stage;
        await until(() => shown.drawn > 1);
        const result = { apart: apart(before, await shown.matte()), states: [...shown.states] };
        segmenter.close();
        return result;
      });
    }
    return found;
  },

  /** Graphics devices that go away: the picture comes back by itself, and so does the net where it was on the device. */
  loss: (page) =>
    page.evaluate(async () => {
      const { open, view, picture, apart, mean, devices, contexts, until } = stage;
      const portrait = await picture("/samples/portrait.jpg");
      const found = {};
      for (const [runtime, renderer] of [["ort-webgpu", "webgpu"], ["ort-wasm", "webgpu"], ["ort-wasm", "webgl2"]]) {
        const segmenter = await open("/own/recurrent.json", runtime, renderer);
        const [first, second] = [view(segmenter, { effect: "color" }), view(segmenter, { effect: "blur" })];
        await first.show(portrait);
        await second.show(portrait);
        const before = await first.matte();
        const drawn = [first.drawn, second.drawn];
        const opened = devices.length;
        if (renderer === "webgpu") for (const device of devices) device.destroy();
        else
          for (const context of contexts.filter((one) => !one.isContextLost() && one.canvas.width > 16)) {
            const extension = context.getExtension("WEBGL_lose_context");
            extension.loseContext();
            setTimeout(() => extension.restoreContext(), 100);
          }
        await until(() => first.drawn > drawn[0] && second.drawn > drawn[1]);
        const after = await first.matte();
        found[`${runtime} ${renderer}`] = { apart: apart(before, after), person: mean(after), states: [[...first.states], [...second.states]], opened: devices.length - opened };
        segmenter.close();
      }
      return found;
    }),
};
