import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const CSS = readFileSync(join(import.meta.dirname, "../../page/src/styles/base.css"), "utf8");
const TOKENS = new Map([...CSS.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(([, name, light, dark]) => [name!, { light: light!, dark: dark! }]));

/** Of the two colours, by WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each(["light", "dark"] as const)("%s colours", (scheme) => {
  const of = (name: string): string => TOKENS.get(name)![scheme];

  it.each([
    ["text", "ground"],
    ["text", "panel"],
    ["text", "raised"],
    ["text", "raised-more"],
    ["text", "stage"],
    ["muted", "panel"],
    ["muted", "raised"],
    ["muted", "stage"],
    ["accent", "panel"],
    ["accent", "accent-soft"],
    ["on-accent", "accent"],
    ["danger", "panel"],
    ["danger", "stage"],
  ])("can be read: %s on %s", (ink, paper) => {
    expect(contrast(of(ink), of(paper))).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["line-strong", "panel"], // borders of fields
    ["focus", "panel"],
    ["focus", "stage"],
  ])("can be made out: %s on %s", (line, paper) => {
    expect(contrast(of(line), of(paper))).toBeGreaterThanOrEqual(3);
  });
});
