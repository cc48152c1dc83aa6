import { expect, it } from "vitest";
import { clock } from "../../page/src/ui/transport.ts";

it.each([
  [0, "0:00"],
  [59.9, "0:59"],
  [61, "1:01"],
  [3725, "1:02:05"],
  [-1, "0:00"],
])("writes %d seconds as %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});
