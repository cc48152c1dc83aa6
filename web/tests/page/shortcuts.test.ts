import { describe, expect, it } from "vitest";
import { SHORTCUTS, shortcut, type Press } from "../../page/src/shortcuts.ts";

const press = (key: string, over: Partial<Press> = {}): Press => ({ key, ctrlKey: false, metaKey: false, altKey: false, tag: "BODY", type: "", ...over });

describe("shortcut", () => {
  it.each(SHORTCUTS.filter(({ key }) => key !== "1"))("$shown does $does", ({ key, does }) => {
    expect(shortcut(press(key), true)).toEqual({ does, index: 0 });
    expect(shortcut(press(key.toUpperCase()), true)).toEqual({ does, index: 0 });
  });

  it("counts the effects from 1", () => {
    expect(shortcut(press("6"), true)).toEqual({ does: "effect", index: 5 });
    expect(shortcut(press("7"), true)).toBeNull();
  });

  it.each([
    ["combinations", press("s", { ctrlKey: true })],
    ["combinations on a Mac", press("r", { metaKey: true })],
    ["text that is typed", press("m", { tag: "INPUT", type: "text" })],
    ["choosing in a list", press("f", { tag: "SELECT" })],
    ["space on a button", press(" ", { tag: "BUTTON" })],
    ["other keys", press("Enter")],
  ])("leaves %s alone", (_, event) => {
    expect(shortcut(event, true)).toBeNull();
  });

  it("works while a slider has the focus", () => {
    expect(shortcut(press("m", { tag: "INPUT", type: "range" }), true)).toMatchObject({ does: "mirror" });
  });

  it("leaves only the help where single keys are switched off", () => {
    expect(shortcut(press("m"), false)).toBeNull();
    expect(shortcut(press("?"), false)).toMatchObject({ does: "help" });
  });

  it("has each key once", () => {
    expect(new Set(SHORTCUTS.map(({ key }) => key)).size).toBe(SHORTCUTS.length);
  });
});
