/**
 * The passes of the WebGL 2 renderer, in the order in which they run. All but the last are small.
 *
 * The matte's edges are those of Limner's Python package: the fast guided filter (He & Sun 2015, arXiv:1505.00996) with
 * colour guidance. Steady mattes are a recursive average that follows what the picture does. Colours along the edge
 * are estimated by blurring foreground and background apart (Forte & Pitié 2020, arXiv:2003.07711).
 */

/** Area average of a texture: evenly spaced bilinear taps over what a pixel of the target covers. */
export const SHRINK = /* glsl */ `
uniform sampler2D source;
uniform vec2 sourceSize, targetSize;
uniform vec4 box;  // where the picture lies in the target: left, top, width, height in shares; black outside
out vec4 color;
void main() {
  vec2 inside = (at - box.xy) / box.zw;
  if (any(lessThan(inside, vec2(0.0))) || any(greaterThan(inside, vec2(1.0)))) { color = vec4(0.0, 0.0, 0.0, 1.0); return; }
  vec2 covers = 1.0 / (targetSize * box.zw);
  ivec2 taps = ivec2(clamp(ceil(sourceSize * covers * 0.5), 1.0, 24.0));
  vec3 sum = vec3(0.0);
  for (int y = 0; y < taps.y; y++)
    for (int x = 0; x < taps.x; x++)
      sum += texture(source, inside + covers * ((vec2(x, y) + 0.5) / vec2(taps) - 0.5)).rgb;
  color = vec4(sum / float(taps.x * taps.y), 1.0);
}`;

/** The net's map to a steady map: its threshold, two-sided, and the average over time. */
export const STEADY = /* glsl */ `
uniform sampler2D map, small, beforeColor, beforeState;
uniform vec4 box;
uniform vec2 texel;
uniform float first, threshold, hysteresis, least;
layout(location = 0) out vec4 colorOut;  // what the average was seen in, and how many mattes it is worth
layout(location = 1) out vec4 stateOut;  // alpha, how lately something moved here, share of this map in alpha
float shifted(float p, float t) {
  float odds = (p / max(1.0 - p, 1e-6)) * ((1.0 - t) / t);
  return odds / (1.0 + odds);
}
void main() {
  float p = clamp(texture(map, box.xy + at * box.zw).r, 0.0, 1.0);
  vec3 here = texture(small, at).rgb;
  vec4 before = texture(beforeColor, at);
  vec4 state = texture(beforeState, at);
  if (first > 0.5) {
    colorOut = vec4(here, 1.0);
    stateOut = vec4(shifted(p, threshold), 0.0, 1.0, 1.0);
    return;
  }
  float change = 0.0, stirred = state.g - 0.25;
  for (int y = -1; y <= 1; y++)
    for (int x = -1; x <= 1; x++) {
      vec2 there = at + vec2(x, y) * texel;
      vec3 difference = texture(small, there).rgb - texture(beforeColor, there).rgb;
      change += dot(abs(difference), vec3(1.0 / 27.0));
    }
  float noise = 0.008 * sqrt(1.0 + 1.0 / before.a);
  float moved = clamp((change / noise - 1.2) / 1.6, 0.0, 1.0);
  stirred = max(moved, stirred);
  float fresh = shifted(p, clamp(threshold + hysteresis * clamp(2.0 - 4.0 * state.r, -1.0, 1.0), 0.02, 0.98));
  float seen = moved > 0.5 ? 1.0 : min(before.a + 1.0, 64.0);
  float share = max(1.0 / seen, least);
  share += (1.0 - share) * moved;
  if (stirred > 0.0 && fresh < 0.05) share = 1.0;  // no trail behind what moved
  colorOut = vec4(mix(before.rgb, here, share), seen);
  stateOut = vec4(mix(state.r, fresh, share), stirred, share, 1.0);
}`;

/** Guided filter, first half: the affine function of colour that fits the map best in the window around each pixel. */
export const FIT = /* glsl */ `
uniform sampler2D small, state;
uniform float steepness;
out vec4 color;
const int R = 2;
void main() {
  ivec2 last = textureSize(small, 0) - 1;
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec3 mean = vec3(0.0), squares = vec3(0.0), products = vec3(0.0), with = vec3(0.0);
  float value = 0.0;
  for (int y = -R; y <= R; y++)
    for (int x = -R; x <= R; x++) {
      ivec2 there = clamp(here + ivec2(x, y), ivec2(0), last);
      vec3 c = texelFetch(small, there, 0).rgb;
      float v = texelFetch(state, there, 0).r;
      mean += c; squares += c * c; products += c.rrg * c.gbb; with += c * v; value += v;
    }
  const float N = 1.0 / float((2 * R + 1) * (2 * R + 1));
  mean *= N; value *= N;
  vec3 same = squares * N - mean * mean + 1e-4;
  vec3 cross2 = products * N - mean.rrg * mean.gbb;  // rg, rb, gb
  vec3 cov = with * N - mean * value;
  float rr = same.r, gg = same.g, bb = same.b, rg = cross2.x, rb = cross2.y, gb = cross2.z;
  float crr = gg * bb - gb * gb, crg = gb * rb - rg * bb, crb = rg * gb - gg * rb;
  float cgg = rr * bb - rb * rb, cgb = rg * rb - rr * gb, cbb = rr * gg - rg * rg;
  float scale = steepness / (rr * crr + rg * crg + rb * crb);
  vec3 slope = scale * vec3(crr * cov.r + crg * cov.g + crb * cov.b, crg * cov.r + cgg * cov.g + cgb * cov.b, crb * cov.r + cgb * cov.g + cbb * cov.b);
  color = vec4(slope, (value - 0.5) * steepness + 0.5 - dot(slope, mean));
}`;

/** Guided filter, second half: the mean of the functions of all windows that a pixel lies in. */
export const AVERAGE = /* glsl */ `
uniform sampler2D source;
out vec4 color;
const int R = 2;
void main() {
  ivec2 last = textureSize(source, 0) - 1;
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec4 sum = vec4(0.0);
  for (int y = -R; y <= R; y++)
    for (int x = -R; x <= R; x++)
      sum += texelFetch(source, clamp(here + ivec2(x, y), ivec2(0), last), 0);
  color = sum / float((2 * R + 1) * (2 * R + 1));
}`;

/** The matte at full size, averaged as the map was: else the camera's noise would come back through the functions of colour. */
export const MATTE = /* glsl */ `
uniform sampler2D frame, functions, state, before;
uniform float first;
out vec4 color;
void main() {
  vec4 f = texture(functions, at);
  float alpha = clamp(dot(f.rgb, texture(frame, at).rgb) + f.a, 0.0, 1.0);
  if (first < 0.5) alpha = mix(texelFetch(before, ivec2(gl_FragCoord.xy), 0).r, alpha, texture(state, at).b);
  color = vec4(alpha, 0.0, 0.0, 1.0);
}`;

/** The small picture as foreground and background apart, each times its own share. */
export const PART = /* glsl */ `
uniform sampler2D small, functions, state;
layout(location = 0) out vec4 person;
layout(location = 1) out vec4 rest;
void main() {
  vec3 c = texture(small, at).rgb;
  vec4 f = texture(functions, at);
  float alpha = clamp(dot(f.rgb, c) + f.a, 0.0, 1.0);
  // A cell beside the person may hold a little of them too: it says nothing about the background.
  float near = 0.0;
  vec2 texel = 1.0 / vec2(textureSize(small, 0));
  for (int y = -1; y <= 1; y++)
    for (int x = -1; x <= 1; x++) near = max(near, texture(state, at + vec2(x, y) * texel * 1.5).r);
  float outside = max(0.0, 1.0 - 4.0 * max(alpha, near * 0.5));
  person = vec4(c * alpha, alpha);
  rest = vec4(c * outside, outside);
}`;

/** One direction of a Gaussian blur of two textures at once. */
export const BLUR = /* glsl */ `
uniform sampler2D first, second;
uniform vec2 direction;  // one texel along the blur
uniform float sigma1, sigma2;
layout(location = 0) out vec4 one;
layout(location = 1) out vec4 two;
vec4 along(sampler2D source, float sigma) {
  if (sigma < 0.2) return texture(source, at);
  vec4 sum = texture(source, at);
  float total = 1.0;
  int reach = int(min(ceil(sigma * 2.6), 24.0));
  for (int i = 1; i <= reach; i += 2) {  // two texels a tap, by bilinear sampling between them
    float a = exp(-0.5 * float(i * i) / (sigma * sigma));
    float b = exp(-0.5 * float((i + 1) * (i + 1)) / (sigma * sigma));
    vec2 off = direction * (float(i) + b / (a + b));
    sum += (a + b) * (texture(source, at + off) + texture(source, at - off));
    total += 2.0 * (a + b);
  }
  return sum / total;
}
void main() { one = along(first, sigma1); two = along(second, sigma2); }`;

/** The picture itself, at full size. */
export const COMPOSE = /* glsl */ `
uniform sampler2D frame, matte, person, rest, picture, light;
uniform float effect;  // see EFFECT_NUMBERS
uniform vec3 fill;
uniform vec2 cover;    // share of the picture that is shown, per axis
uniform float hasPicture, hard, wrap, mirror, shown;
out vec4 color;
void main() {
  vec2 uv = vec2(at.x, 1.0 - at.y);
  if (mirror > 0.5) uv.x = 1.0 - uv.x;
  vec3 c = texture(frame, uv).rgb;
  if (effect < 0.5) { color = vec4(c, 1.0); return; }
  float alpha = texture(matte, uv).r;
  if (hard > 0.5) alpha = step(0.499999, alpha);
  if (effect > 4.5) { color = vec4(vec3(alpha), 1.0); return; }
  vec4 near = texture(rest, uv);
  vec3 own = near.rgb / max(near.a, 1e-4);
  if (effect < 1.5) {  // blur
    vec3 behind = near.a < 1e-3 ? c : own;
    color = vec4(mix(behind, c, alpha), 1.0);
    return;
  }
  // The person's own colours, freed of the background that shines through the edge.
  vec4 body = texture(person, uv);
  vec3 front = body.a < 1e-3 ? c : body.rgb / body.a;
  vec3 back = near.a < 1e-3 ? c : own;
  vec3 clean = clamp(front + alpha * (c - alpha * front - (1.0 - alpha) * back), 0.0, 1.0);
  clean = mix(clean, c, smoothstep(0.9, 1.0, alpha));
  if (effect > 3.5) { color = vec4(clean * alpha, alpha); return; }
  vec3 behind = fill;
  if (effect < 2.5 && hasPicture > 0.5) {
    vec2 there = vec2(mirror > 0.5 ? 1.0 - uv.x : uv.x, uv.y);  // a mirror turns the person, not the picture behind
    behind = texture(picture, (there - 0.5) * cover + 0.5).rgb;
    float outside = clamp(2.0 * wrap * (1.0 - body.a) * (1.0 - smoothstep(0.25, 1.0, body.a)), 0.0, 1.0);
    vec3 glow = texture(light, there).rgb * outside;
    clean = 1.0 - (1.0 - clean) * (1.0 - glow * 0.5);
  }
  color = vec4(mix(behind, clean, alpha), 1.0);
}`;
