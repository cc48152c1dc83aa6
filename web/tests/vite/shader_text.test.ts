import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shortened } from "../../vite/shader_text.ts";

const LIB = join(import.meta.dirname, "../../lib/src");

/** What a shader becomes; `b` is put together with it. */
function short(language: "glsl" | "wgsl", a: string, b = ""): string[] {
  const made = shortened(`const A = /* ${language} */ \`${a}\`;\nconst B = /* ${language} */ \`${b}\`;`);
  return [...made.matchAll(/`([^`]*)`/g)].map((found) => found[1]!);
}

describe("shaders made short", () => {
  it("lose comments, spaces and zeros, and keep what spaces held apart", () => {
    expect(short("glsl", "void main() {\n  // why\n  if (1.0 - -0.5 > 0.25) { discard; } /* and so on */ else return;\n}")[0]).toBe("void main(){if(1.- -.5>.25){discard;}else return;}");
    expect(short("wgsl", "alias Y = u32; // 10.50 0.0\nstruct S { }")[0]).toBe("alias Y=u32;struct a{}");
  });

  it("keep lines for the preprocessor on lines of their own", () => {
    expect(short("glsl", "#version 300 es\nprecision highp float;\n#define N 2\nin vec2 at;")[0]).toBe("#version 300 es\nprecision highp float;\n#define N 2\nin vec2 at;");
  });

  it("have short names for what they declare, the same in all texts of a file", () => {
    expect(short("wgsl", "struct Area { box: vec4f }\nfn inside(at: vec2f, area: Area) -> vec2f { return at - area.box.xy; }", "@fragment fn shade() { let found = inside(at, area); }")).toEqual([
      "struct c{e:vec4f}fn d(a:vec2f,b:c)->vec2f{return a-b.e.xy;}",
      "@fragment fn shade(){let f=d(a,b);}",
    ]);
    expect(short("glsl", "float half(float value) { float first = value, second = 0.5; return first * second; }")[0]).toBe("float d(float a){float b=a,c=.5;return b*c;}");
  });

  it("keep the names that others know", () => {
    expect(short("glsl", "uniform sampler2D frame, matte;\nuniform float hard;\nin vec2 at;\nlayout(location = 0) out vec4 color;\nvoid main() { float frame2 = hard; color = texture(frame, at).rgba * frame2; }")[0]).toBe(
      "uniform sampler2D frame,matte;uniform float hard;in vec2 at;layout(location=0)out vec4 color;void main(){float a=hard;color=texture(frame,at).rgba*a;}",
    );
    expect(short("wgsl", "@fragment fn shade(@builtin(position) position: vec4f) -> @location(0) vec4f { return position; }")[0]).toContain("@builtin(position)position:vec4f");
  });

  it("take no name that is in use", () => {
    expect(short("wgsl", "fn area() -> f32 { return a.x + b; }")[0]).toBe("fn c()->f32{return a.x+b;}");
  });

  it("keep what JavaScript puts in", () => {
    expect(shortened("const A = /* wgsl */ `let peak = ${(1 - LEAST).toFixed(6)} ;`;")).toBe("const A = `let a=${(1 - LEAST).toFixed(6)};`;");
  });

  it.each(["webgl/shaders.ts", "webgl/program.ts", "webgpu/shaders.ts", "webgpu/map_shaders.ts", "webgpu/probability.ts", "webgpu/prior.ts"])("are all marked in %s", (file) => {
    const source = readFileSync(join(LIB, file), "utf8");
    const opened = source.split("\n").filter((line) => /[:=>] (?:\/\* \w+ \*\/ )?`(?:\$\{\w+\}|#.*)*$/.test(line));
    expect(opened.length).toBeGreaterThan(0);
    expect(opened.filter((line) => !/\/\* (?:glsl|wgsl) \*\/ `/.test(line))).toEqual([]);
    expect(shortened(source).length).toBeLessThan(source.length);
  });
});
