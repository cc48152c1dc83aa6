import { describe, expect, it } from "vitest";
import { LimnerWebError } from "limner-web";
import { cameraProblem, engineProblem, loadingMessage, messageFor, type Circumstances, type Problem } from "../../page/src/messages.ts";

const CIRCUMSTANCES: Circumstances = { online: true, model: "fast", chosen: false };
const PROBLEMS: Problem[] = ["insecure", "no-camera", "camera-gone-missing", "refused", "dismissed", "refused-by-system", "busy", "unplugged", "camera-failed", "unreadable-photo", "unreadable-video", "no-model", "bad-model", "no-runtime", "no-renderer", "lost", "offline", "failed"];

describe("messageFor", () => {
  it.each(PROBLEMS)("%s says what is wrong and what to do, and offers it", (problem) => {
    const message = messageFor(problem, CIRCUMSTANCES);
    expect(message).toMatchObject({ tone: "problem" });
    for (const text of [message.text, message.remedy]) expect(text).toMatch(/^[A-Z“].*[.?]$/);
    expect(message.actions?.length).toBeGreaterThan(0);
  });

  it("names the file and the model, and passes on what the part said", () => {
    expect(messageFor("unreadable-photo", { ...CIRCUMSTANCES, name: "me.heic" }).text).toContain("me.heic");
    expect(messageFor("no-model", { ...CIRCUMSTANCES, model: "tiny", detail: "It is not there." })).toMatchObject({ title: "The model “tiny” cannot be loaded", text: "It is not there.", actions: ["default-model", "retry"] });
  });

  it("leads back to the automatic choice only from a choice", () => {
    expect(messageFor("no-runtime", { ...CIRCUMSTANCES, chosen: true }).actions).toEqual(["auto-engine"]);
    expect(messageFor("no-runtime", CIRCUMSTANCES).actions).toEqual(["retry"]);
  });
});

describe("cameraProblem", () => {
  it.each([
    ["NotFoundError", "Requested device not found", null, "no-camera"],
    ["OverconstrainedError", "", null, "camera-gone-missing"],
    ["NotAllowedError", "Permission denied", "denied", "refused"],
    ["NotAllowedError", "Permission dismissed", "prompt", "dismissed"],
    ["NotAllowedError", "Permission denied by system", "granted", "refused-by-system"],
    ["NotAllowedError", "Permission denied", null, "refused"],
    ["NotReadableError", "Could not start video source", "granted", "busy"],
    ["TypeError", "something", null, "camera-failed"],
  ] as const)("%s (%s, permission %s) is %s", (name, message, permission, problem) => {
    expect(cameraProblem(new DOMException(message, name), permission)).toBe(problem);
  });
});

describe("engineProblem", () => {
  it.each([
    [new LimnerWebError("no-model", "m"), true, "no-model"],
    [new LimnerWebError("no-model", "m"), false, "offline"],
    [new LimnerWebError("bad-option", "m"), true, "no-runtime"],
    [new LimnerWebError("lost", "m"), false, "lost"],
    [new TypeError("m"), true, "failed"],
    [null, true, "failed"],
  ])("%s (online: %s) is %s", (error, online, problem) => {
    expect(engineProblem(error, online)).toBe(problem);
  });
});

it("says how much is loaded, with the whole where that is known", () => {
  expect(loadingMessage(null)).toMatchObject({ share: null, amount: "" });
  expect(loadingMessage({ what: "runtime", loaded: 2_450_000, total: 14_239_897 })).toMatchObject({ share: 2_450_000 / 14_239_897, amount: "2.5 MB of 14 MB" });
  expect(loadingMessage({ what: "model", loaded: 490_873, total: 0 })).toMatchObject({ share: null, amount: "0.5 MB" });
});
