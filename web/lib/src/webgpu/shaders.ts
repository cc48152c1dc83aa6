/**
 * The passes of the WebGPU renderer, in the order in which they run: the same as those of WebGL (webgl/shaders.ts), which
 * says where they come from. Binding 0 is the pass's numbers; fields stand so that no padding lies between them.
 */

/** Area average of a texture: evenly spaced bilinear taps over what a pixel of the target covers. */
const SHRUNK = /* wgsl */ `
struct Area { box: vec4f, sourceSize: vec2f, targetSize: vec2f }  // box: where the picture lies in the target, in shares

fn inside(at: vec2f, box: vec4f) -> vec2f { return (at - box.xy) / box.zw; }

fn outside(at: vec2f) -> bool { return any(at < vec2f(0.0)) || any(at > vec2f(1.0)); }

fn shrunk(source: texture_2d<f32>, linear: sampler, at: vec2f, area: Area) -> vec3f {
  let covers = 1.0 / (area.targetSize * area.box.zw);
  let taps = vec2i(clamp(ceil(area.sourceSize * covers * 0.5), vec2f(1.0), vec2f(24.0)));
  var sum = vec3f(0.0);
  for (var y = 0; y < taps.y; y++) {
    for (var x = 0; x < taps.x; x++) {
      sum += textureSampleLevel(source, linear, at + covers * ((vec2f(f32(x), f32(y)) + 0.5) / vec2f(taps) - 0.5), 0.0).rgb;
    }
  }
  return sum / f32(taps.x * taps.y);
}
`;

/** A video frame as it lies in the browser, to a texture of its size: the browser takes it back when the task ends. */
export const COPY = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: vec2f;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var frame: texture_external;
@fragment fn shade(@builtin(position) here: vec4f) -> @location(0) vec4f {
  return vec4f(textureSampleBaseClampToEdge(frame, linear, here.xy / size).rgb, 1.0);
}`;

export const SHRINK = /* wgsl */ `${SHRUNK}
@group(0) @binding(0) var<uniform> area: Area;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var source: texture_2d<f32>;
@fragment fn shade(@builtin(position) here: vec4f) -> @location(0) vec4f {
  let at = inside(here.xy / area.targetSize, area.box);
  if (outside(at)) { return vec4f(0.0, 0.0, 0.0, 1.0); }
  return vec4f(shrunk(source, linear, at, area), 1.0);
}`;

/** The frame as the net takes it: the card's size, place, order of colours, scale, mean and std. */
export const INPUT = /* wgsl */ `${SHRUNK}
struct Spec { area: Area, gain: vec3f, channels: f32, offset: vec3f, planar: f32, reversed: f32 }
@group(0) @binding(0) var<uniform> spec: Spec;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var source: texture_2d<f32>;
@group(0) @binding(3) var<storage, read_write> tensor: array<f32>;
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  let size = vec2u(spec.area.targetSize);
  if (any(id.xy >= size)) { return; }
  let channels = u32(spec.channels);
  let pixel = id.y * size.x + id.x;
  let between = select(1u, size.x * size.y, spec.planar > 0.5);
  let first = select(pixel * channels, pixel, spec.planar > 0.5);
  let at = inside((vec2f(id.xy) + 0.5) / spec.area.targetSize, spec.area.box);
  var values = vec3f(0.0);  // around the frame, as nets were trained
  if (!outside(at)) {
    let color = shrunk(source, linear, at, spec.area);
    values = select(color, color.bgr, spec.reversed > 0.5) * spec.gain + spec.offset;
  }
  for (var channel = 0u; channel < 3u; channel++) { tensor[first + channel * between] = values[channel]; }
  if (channels == 4u) { tensor[first + 3u * between] = 0.0; }
}`;

/** The net's map to a steady map: its threshold, two-sided, and the average over time. */
export const STEADY = /* wgsl */ `
struct Numbers { box: vec4f, texel: vec2f, first: f32, threshold: f32, hysteresis: f32, least: f32 }
@group(0) @binding(0) var<uniform> n: Numbers;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var map: texture_2d<f32>;
@group(0) @binding(3) var small: texture_2d<f32>;
@group(0) @binding(4) var beforeColor: texture_2d<f32>;
@group(0) @binding(5) var beforeState: texture_2d<f32>;
@group(0) @binding(6) var<storage, read> unsound: u32;
struct Steady {
  @location(0) color: vec4f,  // what the average was seen in, and how many mattes it is worth
  @location(1) state: vec4f,  // alpha, how lately something moved here, share of this map in alpha
}
fn shifted(p: f32, t: f32) -> f32 {
  let odds = (p / max(1.0 - p, 1e-6)) * ((1.0 - t) / t);
  return odds / (1.0 + odds);
}
@fragment fn shade(@builtin(position) spot: vec4f) -> Steady {
  let at = spot.xy * n.texel;
  let here = textureSampleLevel(small, linear, at, 0.0).rgb;
  if (n.first > 0.5) {
    if (unsound != 0u) { return Steady(vec4f(here, 0.0), vec4f(0.0, 0.0, 0.0, 1.0)); }
    let p = clamp(textureSampleLevel(map, linear, n.box.xy + at * n.box.zw, 0.0).r, 0.0, 1.0);
    return Steady(vec4f(here, 1.0), vec4f(shifted(p, n.threshold), 0.0, 1.0, 1.0));
  }
  let before = textureSampleLevel(beforeColor, linear, at, 0.0);
  let state = textureSampleLevel(beforeState, linear, at, 0.0);
  if (unsound != 0u) { return Steady(before, state); }
  let p = clamp(textureSampleLevel(map, linear, n.box.xy + at * n.box.zw, 0.0).r, 0.0, 1.0);
  var change = 0.0;
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let there = at + vec2f(f32(x), f32(y)) * n.texel;
      let difference = textureSampleLevel(small, linear, there, 0.0).rgb - textureSampleLevel(beforeColor, linear, there, 0.0).rgb;
      change += dot(abs(difference), vec3f(1.0 / 27.0));
    }
  }
  let noise = 0.008 * sqrt(1.0 + 1.0 / max(before.a, 1e-3));
  let moved = clamp((change / noise - 1.2) / 1.6, 0.0, 1.0);
  let stirred = max(moved, state.g - 0.25);
  let fresh = shifted(p, clamp(n.threshold + n.hysteresis * clamp(2.0 - 4.0 * state.r, -1.0, 1.0), 0.02, 0.98));
  let seen = select(min(before.a + 1.0, 64.0), 1.0, moved > 0.5);
  var share = max(1.0 / seen, n.least);
  share += (1.0 - share) * moved;
  if (stirred > 0.0 && fresh < 0.05) { share = 1.0; }  // no trail behind what moved
  return Steady(vec4f(mix(before.rgb, here, share), seen), vec4f(mix(state.r, fresh, share), stirred, share, 1.0));
}`;

/** Guided filter, first half: the affine function of colour that fits the map best in the window around each pixel. */
export const FIT = /* wgsl */ `
@group(0) @binding(0) var<uniform> steepness: f32;
@group(0) @binding(1) var small: texture_2d<f32>;
@group(0) @binding(2) var state: texture_2d<f32>;
const R = 2;
@fragment fn shade(@builtin(position) spot: vec4f) -> @location(0) vec4f {
  let last = vec2i(textureDimensions(small)) - 1;
  let here = vec2i(spot.xy);
  var mean = vec3f(0.0);
  var squares = vec3f(0.0);
  var products = vec3f(0.0);
  var joint = vec3f(0.0);
  var value = 0.0;
  for (var y = -R; y <= R; y++) {
    for (var x = -R; x <= R; x++) {
      let there = clamp(here + vec2i(x, y), vec2i(0), last);
      let c = textureLoad(small, there, 0).rgb;
      let v = textureLoad(state, there, 0).r;
      mean += c;
      squares += c * c;
      products += c.rrg * c.gbb;
      joint += c * v;
      value += v;
    }
  }
  const N = 1.0 / f32((2 * R + 1) * (2 * R + 1));
  mean *= N;
  value *= N;
  let same = squares * N - mean * mean + 1e-4;
  let crossed = products * N - mean.rrg * mean.gbb;  // rg, rb, gb
  let cov = joint * N - mean * value;
  let rr = same.r; let gg = same.g; let bb = same.b; let rg = crossed.x; let rb = crossed.y; let gb = crossed.z;
  let crr = gg * bb - gb * gb; let crg = gb * rb - rg * bb; let crb = rg * gb - gg * rb;
  let cgg = rr * bb - rb * rb; let cgb = rg * rb - rr * gb; let cbb = rr * gg - rg * rg;
  let scale = steepness / (rr * crr + rg * crg + rb * crb);
  let slope = scale * vec3f(dot(vec3f(crr, crg, crb), cov), dot(vec3f(crg, cgg, cgb), cov), dot(vec3f(crb, cgb, cbb), cov));
  return vec4f(slope, (value - 0.5) * steepness + 0.5 - dot(slope, mean));
}`;

/** Guided filter, second half: the mean of the functions of all windows that a pixel lies in. */
export const AVERAGE = /* wgsl */ `
@group(0) @binding(1) var source: texture_2d<f32>;
const R = 2;
@fragment fn shade(@builtin(position) spot: vec4f) -> @location(0) vec4f {
  let last = vec2i(textureDimensions(source)) - 1;
  var sum = vec4f(0.0);
  for (var y = -R; y <= R; y++) {
    for (var x = -R; x <= R; x++) {
      sum += textureLoad(source, clamp(vec2i(spot.xy) + vec2i(x, y), vec2i(0), last), 0);
    }
  }
  return sum / f32((2 * R + 1) * (2 * R + 1));
}`;

/** The matte at full size, averaged as the map was: else the camera's noise would come back through the functions of colour. */
export const MATTE = /* wgsl */ `
struct Numbers { texel: vec2f, first: f32 }
@group(0) @binding(0) var<uniform> n: Numbers;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var frame: texture_2d<f32>;
@group(0) @binding(3) var functions: texture_2d<f32>;
@group(0) @binding(4) var state: texture_2d<f32>;
@group(0) @binding(5) var before: texture_2d<f32>;
@group(0) @binding(6) var<storage, read> unsound: u32;
@fragment fn shade(@builtin(position) spot: vec4f) -> @location(0) vec4f {
  let at = spot.xy * n.texel;
  let f = textureSampleLevel(functions, linear, at, 0.0);
  let fresh = clamp(dot(f.rgb, textureSampleLevel(frame, linear, at, 0.0).rgb) + f.a, 0.0, 1.0);
  let old = select(textureLoad(before, vec2i(spot.xy), 0).r, 0.0, n.first > 0.5);
  if (unsound != 0u) { return vec4f(old, 0.0, 0.0, 1.0); }
  let share = select(textureSampleLevel(state, linear, at, 0.0).b, 1.0, n.first > 0.5);
  return vec4f(mix(old, fresh, share), 0.0, 0.0, 1.0);
}`;

/** The small picture as foreground and background apart, each times its own share. */
export const PART = /* wgsl */ `
@group(0) @binding(0) var<uniform> texel: vec2f;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var small: texture_2d<f32>;
@group(0) @binding(3) var functions: texture_2d<f32>;
@group(0) @binding(4) var state: texture_2d<f32>;
struct Parts { @location(0) person: vec4f, @location(1) rest: vec4f }
@fragment fn shade(@builtin(position) spot: vec4f) -> Parts {
  let at = spot.xy * texel;
  let c = textureSampleLevel(small, linear, at, 0.0).rgb;
  let f = textureSampleLevel(functions, linear, at, 0.0);
  let alpha = clamp(dot(f.rgb, c) + f.a, 0.0, 1.0);
  // A cell beside the person may hold a little of them too: it says nothing about the background.
  var near = 0.0;
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      near = max(near, textureSampleLevel(state, linear, at + vec2f(f32(x), f32(y)) * texel * 1.5, 0.0).r);
    }
  }
  let outside = max(0.0, 1.0 - 4.0 * max(alpha, near * 0.5));
  return Parts(vec4f(c * alpha, alpha), vec4f(c * outside, outside));
}`;

/** One direction of a Gaussian blur of two textures at once. */
export const BLUR = /* wgsl */ `
struct Numbers { texel: vec2f, direction: vec2f, sigma1: f32, sigma2: f32 }  // direction: one texel along the blur
@group(0) @binding(0) var<uniform> n: Numbers;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var first: texture_2d<f32>;
@group(0) @binding(3) var second: texture_2d<f32>;
struct Blurred { @location(0) one: vec4f, @location(1) two: vec4f }
fn along(source: texture_2d<f32>, at: vec2f, sigma: f32) -> vec4f {
  var sum = textureSampleLevel(source, linear, at, 0.0);
  if (sigma < 0.2) { return sum; }
  var total = 1.0;
  let reach = i32(min(ceil(sigma * 2.6), 24.0));
  for (var i = 1; i <= reach; i += 2) {  // two texels a tap, by bilinear sampling between them
    let a = exp(-0.5 * f32(i * i) / (sigma * sigma));
    let b = exp(-0.5 * f32((i + 1) * (i + 1)) / (sigma * sigma));
    let off = n.direction * (f32(i) + b / (a + b));
    sum += (a + b) * (textureSampleLevel(source, linear, at + off, 0.0) + textureSampleLevel(source, linear, at - off, 0.0));
    total += 2.0 * (a + b);
  }
  return sum / total;
}
@fragment fn shade(@builtin(position) spot: vec4f) -> Blurred {
  let at = spot.xy * n.texel;
  return Blurred(along(first, at, n.sigma1), along(second, at, n.sigma2));
}`;

/** One level of a picture from the larger one before it: for backgrounds that are shown small. */
export const HALVE = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: vec2f;
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var source: texture_2d<f32>;
@fragment fn shade(@builtin(position) spot: vec4f) -> @location(0) vec4f {
  return textureSampleLevel(source, linear, spot.xy / size, 0.0);
}`;

/** The picture itself, at full size. */
export const COMPOSE = /* wgsl */ `
struct Numbers { fill: vec3f, effect: f32, size: vec2f, cover: vec2f, hasPicture: f32, hard: f32, wrap: f32, mirror: f32 }
@group(0) @binding(0) var<uniform> n: Numbers;  // cover: share of the picture that is shown, per axis
@group(0) @binding(1) var linear: sampler;
@group(0) @binding(2) var minified: sampler;
@group(0) @binding(3) var frame: texture_2d<f32>;
@group(0) @binding(4) var matte: texture_2d<f32>;
@group(0) @binding(5) var person: texture_2d<f32>;
@group(0) @binding(6) var rest: texture_2d<f32>;
@group(0) @binding(7) var picture: texture_2d<f32>;
@group(0) @binding(8) var light: texture_2d<f32>;
@group(0) @binding(9) var<storage, read> unsound: u32;
@fragment fn shade(@builtin(position) spot: vec4f) -> @location(0) vec4f {
  var uv = spot.xy / n.size;
  if (n.mirror > 0.5) { uv.x = 1.0 - uv.x; }
  if (unsound != 0u) { return select(vec4f(0.5, 0.5, 0.5, 1.0), vec4f(0.0, 0.0, 0.0, 1.0), n.effect > 4.5); }  // never the frame
  let c = textureSampleLevel(frame, linear, uv, 0.0).rgb;
  if (n.effect < 0.5) { return vec4f(c, 1.0); }
  var alpha = textureSampleLevel(matte, linear, uv, 0.0).r;
  if (n.hard > 0.5) { alpha = step(0.499999, alpha); }
  if (n.effect > 4.5) { return vec4f(vec3f(alpha), 1.0); }
  let near = textureSampleLevel(rest, linear, uv, 0.0);
  let back = select(near.rgb / max(near.a, 1e-4), c, near.a < 1e-3);
  if (n.effect < 1.5) { return vec4f(mix(back, c, alpha), 1.0); }  // blur
  // The person's own colours, freed of the background that shines through the edge.
  let body = textureSampleLevel(person, linear, uv, 0.0);
  let front = select(body.rgb / max(body.a, 1e-4), c, body.a < 1e-3);
  var clean = clamp(front + alpha * (c - alpha * front - (1.0 - alpha) * back), vec3f(0.0), vec3f(1.0));
  clean = mix(clean, c, smoothstep(0.9, 1.0, alpha));
  if (n.effect > 3.5) { return vec4f(clean * alpha, alpha); }
  var behind = n.fill;
  if (n.effect < 2.5 && n.hasPicture > 0.5) {
    let there = vec2f(select(uv.x, 1.0 - uv.x, n.mirror > 0.5), uv.y);  // a mirror turns the person, not the picture behind
    behind = textureSample(picture, minified, (there - 0.5) * n.cover + 0.5).rgb;
    let outside = clamp(2.0 * n.wrap * (1.0 - body.a) * (1.0 - smoothstep(0.25, 1.0, body.a)), 0.0, 1.0);
    let glow = textureSampleLevel(light, linear, there, 0.0).rgb * outside;
    clean = 1.0 - (1.0 - clean) * (1.0 - glow * 0.5);
  }
  return vec4f(mix(behind, clean, alpha), 1.0);
}`;
