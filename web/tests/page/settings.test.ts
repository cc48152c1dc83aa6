import { describe, expect, it, vi } from "vitest";
import { colour, DEFAULTS, parseSettings, SettingsStore } from "../../page/src/settings.ts";

describe("parseSettings", () => {
  it.each([
    ["nothing", null],
    ["no JSON", "{"],
    ["another value", "7"],
    ["null", "null"],
    ["a list", "[]"],
  ])("gives the defaults for %s", (_, stored) => {
    expect(parseSettings(stored)).toEqual(DEFAULTS);
  });

  it("keeps what is good and replaces what is not, field by field", () => {
    const stored = { effect: "replace", blur: 7, color: "#00ff00", threshold: 0.3, resolution: 480, mirror: "yes", runtime: "ort-wasm", renderer: "vulkan", unknown: 1 };
    expect(parseSettings(JSON.stringify(stored))).toEqual({ ...DEFAULTS, effect: "replace", color: "#00ff00", threshold: 0.3, runtime: "ort-wasm" });
  });

  it("does not take fields from the prototype", () => {
    expect(parseSettings('{"__proto__": {"effect": "mask"}}').effect).toBe(DEFAULTS.effect);
  });

  it("begins without the magenta check", () => {
    expect(parseSettings('{"magenta": true}').magenta).toBe(false);
  });
});

describe("colour", () => {
  it.each([
    ["#1a2B3c", "#1a2b3c"],
    ["1a2b3c", "#1a2b3c"],
    [" #abc ", "#aabbcc"],
    ["red", null],
    ["#12345", null],
    ["", null],
  ])("reads %j as %j", (typed, read) => {
    expect(colour(typed)).toBe(read);
  });
});

function storage(first: Record<string, string> = {}) {
  const kept = new Map(Object.entries(first));
  return { kept, getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

describe("SettingsStore", () => {
  it("keeps changes for the next page, and tells what changed", () => {
    const shelf = storage();
    const store = new SettingsStore(shelf);
    const heard = vi.fn();
    store.listen((_, changed) => heard([...changed]));
    store.change({ effect: "mask", blur: DEFAULTS.blur });
    expect(heard.mock.calls).toEqual([[["effect"]]]);
    expect(new SettingsStore(shelf).now.effect).toBe("mask");
  });

  it("is silent where nothing changes", () => {
    const store = new SettingsStore(storage());
    const heard = vi.fn();
    store.listen(heard);
    store.change({ effect: DEFAULTS.effect });
    expect(heard).not.toHaveBeenCalled();
  });

  it("works where storage is refused", () => {
    const refuse = () => {
      throw new DOMException("refused", "SecurityError");
    };
    const store = new SettingsStore({ getItem: refuse, setItem: refuse });
    store.change({ effect: "color" });
    expect(store.now.effect).toBe("color");
    expect(new SettingsStore(null).now).toEqual(DEFAULTS);
  });
});
