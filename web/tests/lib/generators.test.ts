/** Tracks that a worker writes and the page has: offered ahead, one for each that is taken, and none where none can be sent. */

import { afterEach, describe, expect, it } from "vitest";
import { TrackGenerators } from "../../lib/src/worker/generators.ts";
import type { FromWorker } from "../../lib/src/worker/messages.ts";

type Offer = Extract<FromWorker, { type: "generator" }>;

/** A port stands for each track: Node transfers it, as browsers do tracks. */
function generator(written: unknown[], transferable = true, stopped: number[] = []) {
  return class {
    readonly track = transferable ? new MessageChannel().port1 : { stop: () => void stopped.push(1) };
    readonly writable = new WritableStream({ write: (frame) => void written.push(frame) });
  };
}

function line(): { page: MessagePort; send: (message: FromWorker, transfer: Transferable[]) => void; heard: Offer[] } {
  const { port1, port2 } = new MessageChannel();
  const heard: Offer[] = [];
  port2.onmessage = ({ data }: MessageEvent<Offer>) => void heard.push(data);
  return { page: port2, send: (message, transfer) => port1.postMessage(message, transfer), heard };
}

const heardOf = async (heard: unknown[], count: number) => {
  for (let turn = 0; turn < 1000 && heard.length < count; turn++) await new Promise((done) => setTimeout(done, 2));
};

afterEach(() => void Reflect.deleteProperty(globalThis, "VideoTrackGenerator"));

describe("generators of a worker", () => {
  it("send a track ahead, and another one when it is taken", async () => {
    const written: unknown[] = [];
    Object.assign(globalThis, { VideoTrackGenerator: generator(written) });
    const { page, send, heard } = line();
    const generators = new TrackGenerators(send);
    generators.offer();
    await heardOf(heard, 1);
    expect(heard.map(({ type, number }) => [type, number])).toEqual([["generator", 1]]);
    expect(heard[0]!.track).toBeInstanceOf(MessagePort);
    const writer = generators.take(1).getWriter();
    await writer.write("a frame" as unknown as VideoFrame);
    expect(written).toEqual(["a frame"]);
    await heardOf(heard, 2);
    expect(heard[1]!.number).toBe(2);
    page.close();
  });

  it("offer nothing where browsers generate no tracks, or do not send them", async () => {
    const { page, send, heard } = line();
    new TrackGenerators(send).offer();
    const stopped: number[] = [];
    Object.assign(globalThis, { VideoTrackGenerator: generator([], false, stopped) });
    new TrackGenerators(send).offer();
    expect(stopped).toEqual([1]);
    await new Promise((done) => setTimeout(done, 20));
    expect(heard).toEqual([]);
    page.close();
  });
});
