// Runs in the page, whatever the browser. samplePhoto() shows the sample photo on a colour, and waits until the wall has it and the person has not.
// Then as a mask. Gives what is in use and the two colours. emptyCamera() shows a
// camera with nobody in front of it, saves a picture, all of which is filled, and records it.
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

/** The colour of the effect "colour", RGBA. */
const fill = () => {
  const hex = Number.parseInt(document.querySelector("#color").value.slice(1), 16);
  return [hex >> 16, (hex >> 8) & 255, hex & 255, 255];
};

async function samplePhoto() {
  await until("buttons", () => document.querySelector("#message-actions button"));
  document.querySelector("#pick-photo").click();
  document.querySelector("#effects [data-effect=color]").click();
  const wall = fill();
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

/** What the page hands to the person after `act`: a file. */
const handed = async (act) => {
  const { createObjectURL } = URL;
  const { click } = HTMLAnchorElement.prototype;
  let file = null;
  URL.createObjectURL = (blob) => createObjectURL.call(URL, (file = blob));
  HTMLAnchorElement.prototype.click = () => {};
  await act();
  await until("a file", () => file);
  Object.assign(URL, { createObjectURL });
  HTMLAnchorElement.prototype.click = click;
  return file;
};
/** A picture that is saved: Firefox stands still for ten seconds where a canvas that a worker draws is read. */
const savedColours = async () => {
  const picture = await createImageBitmap(await handed(() => document.querySelector("#shot").click()));
  const context = new OffscreenCanvas(2, 1).getContext("2d");
  context.drawImage(picture, 0, 0, 2, 1);
  return [0, 1].map((x) => [...context.getImageData(x, 0, 1, 1).data]);
};

async function emptyCamera() {
  document.querySelector("#effects [data-effect=color]").click();
  document.querySelector("#pick-camera").click();
  await until("a camera's picture", () => document.querySelector("#frame.live") && document.querySelector("#pick-camera[aria-pressed=true]") && Number(document.querySelector("#fps").textContent) > 0);
  const [seen, filled] = [await savedColours(), fill()];
  const recording = await handed(async () => {
    document.querySelector("#record").click();
    await until("recording", () => document.querySelector("#rec-time").textContent >= "0:02");
    document.querySelector("#record").click();
  });
  let text = "";
  for (const byte of new Uint8Array(await recording.arrayBuffer())) text += String.fromCharCode(byte);
  return { source: document.querySelector("#source-name").textContent, seen, filled, recording: btoa(text) };
}
