/** On the page: opens segmenters, feeds them, and compares what they draw. */

import { createSegmenter } from "/lib/index.js";

let copies = 0;
const { mapAsync } = GPUBuffer.prototype;
GPUBuffer.prototype.mapAsync = function (...given) {
  copies++;
  return mapAsync.apply(this, given);
};

const devices = [];
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (...given) {
  const device = await requestDevice.apply(this, given);
  devices.push(device);
  return device;
};

const contexts = [];
const { getContext } = OffscreenCanvas.prototype;
OffscreenCanvas.prototype.getContext = function (kind, ...given) {
  const context = getContext.call(this, kind, ...given);
  if (kind === "webgl2" && context) contexts.push(context);
  return context;
};

/** In the page, where tests can reach its devices, or in a worker. */
function open(model, runtime, renderer, worker = false) {
  const address = model.includes("/") ? new URL(model, location.href) : model;
  return createSegmenter({ model: address, runtime, renderer, assets: "/", worker });
}

function view(segmenter, look, onStats) {
  const states = [];
  const made = segmenter.attach(document.createElement("canvas"), look, { onStats, onState: (state, message) => states.push(message ? `${state}: ${message}` : state) });
  // How many pictures were drawn, and the time of the last one: the library itself tells of the first, and of numbers four times a second.
  Object.assign(made, { states, drawn: 0, last: null });
  const hear = made.hear.bind(made);
  made.hear = (message) => {
    if (message.type === "drawn") {
      made.drawn++;
      made.last = message.timestamp;
    }
    hear(message);
  };
  return made;
}

async function picture(address) {
  return createImageBitmap(await (await fetch(address)).blob());
}

async function pixels(blob) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** Of pictures with their alpha, in decibels. */
function psnr(a, b) {
  if (a.width !== b.width || a.height !== b.height) return `${a.width}x${a.height} against ${b.width}x${b.height}`;
  let sum = 0;
  // Colours count as far as they are seen: where nothing is, any colour is the same.
  for (let at = 0; at < a.data.length; at++) {
    const [one, two] = at % 4 === 3 ? [1, 1] : [a.data[at | 3] / 255, b.data[at | 3] / 255];
    sum += (a.data[at] * one - b.data[at] * two) ** 2;
  }
  return 10 * Math.log10(255 ** 2 / Math.max(sum / a.data.length, 1e-9));
}

/** Mean absolute difference of two mattes, 0 to 1. */
function apart(a, b) {
  if (a.width !== b.width || a.height !== b.height) return 1;
  let sum = 0;
  for (let at = 0; at < a.data.length; at++) sum += Math.abs(a.data[at] - b.data[at]);
  return sum / a.data.length / 255;
}

const mean = ({ data }) => data.reduce((sum, value) => sum + value, 0) / data.length / 255;

/** Shows a track in `shown`. @returns writes a frame, of a time of its own, into it, and comes back when it was drawn. */
async function reel(shown) {
  const track = new MediaStreamTrackGenerator({ kind: "video" });
  const writer = track.writable.getWriter();
  shown.show(track).catch(() => undefined);
  // What is written before the track is read is lost. Leaders have a size of their own: nothing of them is remembered.
  const leader = new OffscreenCanvas(16, 48);
  leader.getContext("2d").fillRect(0, 0, 16, 48);
  let sent = 0;
  await until(async () => {
    await writer.write(new VideoFrame(leader, { timestamp: sent++ }));
    for (let turn = 0; turn < 20 && shown.last === null; turn++) await wait(100);
    return shown.last !== null;
  });
  // A leader that is still on its way is drawn before what is written now, or passed over for it.
  return async (frame) => {
    const { timestamp } = frame;
    await writer.write(frame);
    await until(() => shown.last === timestamp);
  };
}

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function until(what, seconds = 900) {
  const end = performance.now() + 1000 * seconds;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await wait(20);
  }
}

/** The frame of a video at a time, its left part of this proportion. */
async function frameAt(video, seconds, proportion) {
  const sought = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
  video.currentTime = seconds;
  await sought;
  let frame = null;
  // A browser that is busy says that it has sought before it has a frame to give.
  await until(async () => {
    frame = await createImageBitmap(video, 0, 0, video.videoHeight * proportion, video.videoHeight).catch(() => null);
    return frame !== null;
  });
  return frame;
}

async function base64(blob) {
  let text = "";
  const bytes = new Uint8Array(await blob.arrayBuffer());
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** A picture from base64. */
const blobOf = (text) => new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]);

globalThis.stage = { open, view, picture, pixels, psnr, apart, mean, reel, wait, until, frameAt, base64, blobOf, devices, contexts, copies: () => copies };
