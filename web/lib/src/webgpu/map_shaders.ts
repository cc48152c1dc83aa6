/**
 * The net's map before it becomes a matte: checked, and freed of faint islands as islands.ts does it on the CPU.
 *
 * Regions are labelled by a union-find over the whole grid at once (Playne & Hawick 2018, IEEE TPDS 29(6); Allegretti et al.
 * 2020, IEEE TPDS 31(2)): every pixel points to one before it, roots to themselves.
 */

import { GOES, LEAST, STAYS } from "../islands.ts";

const HEAD = /* wgsl */ `
struct Size { columns: f32, rows: f32, least: f32 }
@group(0) @binding(0) var<uniform> size: Size;
const NONE = 0xffffffffu;
fn beyond(id: vec3u) -> bool { return any(id.xy >= vec2u(u32(size.columns), u32(size.rows))); }
fn index(id: vec3u) -> u32 { return id.y * u32(size.columns) + id.x; }
`;

const LABELS = /* wgsl */ `
@group(0) @binding(1) var<storage, read_write> labels: array<atomic<u32>>;
fn root(start: u32) -> u32 {
  var at = start;
  loop {
    let before = atomicLoad(&labels[at]);
    if (before == at) { return at; }
    at = before;
  }
}
`;

/** What is no number becomes 0, and is told; what is likely enough to be somebody begins as a region of its own. */
export const MARK = /* wgsl */ `${HEAD}
@group(0) @binding(1) var<storage, read> given: array<u32>;  // bits, for shaders may take for granted that numbers are finite
@group(0) @binding(2) var<storage, read_write> kept: array<f32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> peaks: array<u32>;  // of regions, at their roots; the last is the peak of all
@group(0) @binding(5) var<storage, read_write> unsound: atomic<u32>;
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  if (beyond(id)) { return; }
  let pixel = index(id);
  let bits = given[pixel];
  var value = 0.0;
  if ((bits & 0x7f800000u) == 0x7f800000u) { atomicOr(&unsound, 1u); } else { value = clamp(bitcast<f32>(bits), 0.0, 1.0); }
  kept[pixel] = value;
  labels[pixel] = select(NONE, pixel, value >= size.least);
  peaks[pixel] = 0u;
  if (pixel == 0u) { peaks[arrayLength(&peaks) - 1u] = 0u; }
}`;

/** Neighbours, by corners too, belong together. */
export const MERGE = /* wgsl */ `${HEAD}${LABELS}
fn unite(first: u32, second: u32) {
  var a = first;
  var b = second;
  loop {
    a = root(a);
    b = root(b);
    if (a == b) { return; }
    let high = max(a, b);
    let low = min(a, b);
    let before = atomicMin(&labels[high], low);
    if (before == high) { return; }
    a = before;
    b = low;
  }
}
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  if (beyond(id)) { return; }
  let pixel = index(id);
  if (atomicLoad(&labels[pixel]) == NONE) { return; }
  let columns = u32(size.columns);
  let left = id.x > 0u;
  let above = id.y > 0u;
  if (left && atomicLoad(&labels[pixel - 1u]) != NONE) { unite(pixel, pixel - 1u); }
  if (above && atomicLoad(&labels[pixel - columns]) != NONE) { unite(pixel, pixel - columns); }
  if (above && left && atomicLoad(&labels[pixel - columns - 1u]) != NONE) { unite(pixel, pixel - columns - 1u); }
  if (above && id.x + 1u < columns && atomicLoad(&labels[pixel - columns + 1u]) != NONE) { unite(pixel, pixel - columns + 1u); }
}`;

/** How sure the net is of each region at its surest pixel. */
export const PEAK = /* wgsl */ `${HEAD}${LABELS}
@group(0) @binding(2) var<storage, read> kept: array<f32>;
@group(0) @binding(3) var<storage, read_write> peaks: array<atomic<u32>>;
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  if (beyond(id)) { return; }
  let pixel = index(id);
  if (atomicLoad(&labels[pixel]) == NONE) { return; }
  let own = root(pixel);
  let bits = bitcast<u32>(kept[pixel]);  // positive floats are in the order of their bits
  atomicStore(&labels[pixel], own);
  atomicMax(&peaks[own], bits);
  atomicMax(&peaks[arrayLength(&peaks) - 1u], bits);
}`;

/** Regions far fainter than the surest go; and the map as a texture. */
export const CLEAR = /* wgsl */ `${HEAD}
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> peaks: array<u32>;
@group(0) @binding(3) var<storage, read_write> kept: array<f32>;
@group(0) @binding(4) var map: texture_storage_2d<rgba16float, write>;
@compute @workgroup_size(8, 8) fn work(@builtin(global_invocation_id) id: vec3u) {
  if (beyond(id)) { return; }
  let pixel = index(id);
  let label = labels[pixel];
  var value = kept[pixel];
  if (label != NONE) {
    let most = bitcast<f32>(peaks[arrayLength(&peaks) - 1u]);
    value *= clamp((bitcast<f32>(peaks[label]) / most - ${GOES}) / ${(STAYS - GOES).toFixed(6)}, 0.0, 1.0);
    kept[pixel] = value;
  }
  textureStore(map, id.xy, vec4f(value, 0.0, 0.0, 1.0));
}`;

export { LEAST };
