// Runs in the page, whatever the browser: shows the sample photo on a colour, and waits until the wall has it and the person has not.
// Then as a mask. Gives what is in use and the two colours.
async function samplePhoto() {
  const until = async (what, test) => {
    for (const end = Date.now() + 300_000; Date.now() < end; ) {
      const found = test();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`never: ${what}; the page says: ${document.querySelector("#message-title").textContent} ${document.querySelector("#message-text").textContent}`);
  };
  const colours = () => {
    const canvas = document.querySelector("#frame canvas:not(.coming)");
    if (!canvas || !document.querySelector("#frame.live")) return null;
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    return [[0.05, 0.05], [0.5, 0.45]].map(([x, y]) => [...context.getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data]);
  };
  const like = (found, wanted) => wanted.every((value, channel) => Math.abs(value - found[channel]) <= 6);
  await until("buttons", () => document.querySelector("#message-actions button"));
  document.querySelector("#pick-photo").click();
  document.querySelector("#effects [data-effect=color]").click();
  const hex = Number.parseInt(document.querySelector("#color").value.slice(1), 16);
  const wall = [hex >> 16, (hex >> 8) & 255, hex & 255, 255];
  const seen = await until(`a wall of ${wall} behind a person`, () => {
    const found = colours();
    return found && like(found[0], wall) && !like(found[1], wall) && found[1][3] === 255 && found;
  });
  document.querySelector("#effects [data-effect=mask]").click();
  await until("black and white", () => {
    const found = colours();
    return found && like(found[0], [0, 0, 0, 255]) && like(found[1], [255, 255, 255, 255]);
  });
  return { seen, now: document.querySelector("#now").textContent };
}
