/**
 * Gives a .onnx net another input size, as limner/models/onnx_input_size.py does: the sizes of its enlargements are
 * constants in it, and scale with the input. Weights are copied as they are. The numbers of fields are those of onnx.proto.
 */

/** Height and width in pixels. */
export type Size = readonly [number, number];

type Bytes = Uint8Array<ArrayBuffer>;

const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;
const INPUT = 11;
const OUTPUT = 12;
const VALUE_INFO = 13;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_TENSOR = 5;
const TENSOR_RAW = 9;
/** Which input of a Resize has the sizes. */
const RESIZE_SIZES = 3;

/**
 * The same net for an input of another size.
 *
 * A graph may hold a second net that sees the picture at a square size of its own (`quality` does): the enlargements that are
 * no input size halved again and again are that one's, and get the proportions of the new input.
 *
 * @param model a .onnx file whose inputs are all (1, C, ...from); its weights are in the file.
 * @throws Error: the bytes are no such file, or an enlargement has no whole size there.
 */
export function withInputSize(model: Bytes, from: Size, to: Size): Bytes {
  return edited(model, (number, graph) => (number === GRAPH ? scaled(graph, from, to) : graph));
}

function scaled(graph: Bytes, from: Size, to: Size): Bytes {
  const names = sizeNames(graph);
  const isSize = (number: number, body: Bytes) => (number === INITIALIZER && names.has(texts(body, 8)[0]!)) || (number === NODE && texts(body, 4)[0] === "Constant" && names.has(texts(body, 2)[0]!));
  /** Has `use` look at every tensor that holds a size, and puts what it gives in its place. */
  const withSizes = (number: number, body: Bytes, use: (tensor: Bytes) => Bytes) => {
    if (!isSize(number, body)) return body;
    if (number === INITIALIZER) return use(body);
    return edited(body, (own, attribute) => (own === NODE_ATTRIBUTE ? edited(attribute, (field, tensor) => (field === ATTRIBUTE_TENSOR ? use(tensor) : tensor)) : attribute));
  };
  const sizes: Size[] = [];
  for (const [number, , body] of fields(graph)) withSizes(number, body, (tensor) => (sizes.push(numbers(tensor).size), tensor));
  const scale = scaling(from, to, sizes);
  const dimension = (axis: number, body: Bytes) => (axis < 2 ? body : edited(body, (number, side) => (number === 1 ? varint(whole(value(side), to[axis - 2]!, from[axis - 2]!)) : side)));
  return edited(graph, (number, body) => {
    if (number === VALUE_INFO) return null; // shapes in between, which the runtime works out again
    if (number === INPUT || number === OUTPUT) {
      let axis = 0;
      // A value's type, its tensor type, that one's shape, and the shape's dimensions.
      return deep(body, [2, 1, 2, 1], (dim) => dimension(axis++, dim));
    }
    return withSizes(number, body, (tensor) =>
      edited(tensor, (field, raw) => {
        if (field !== TENSOR_RAW) return raw;
        const { view, size } = numbers(tensor);
        scale(size).forEach((side, axis) => view.setBigInt64(view.byteLength - 16 + 8 * axis, BigInt(side), true));
        return new Uint8Array(view.buffer);
      }),
    );
  });
}

/** Names of the values that enlargements take as sizes, and of those that these are joined from. */
function sizeNames(graph: Bytes): Set<string> {
  const nodes = fields(graph).flatMap(([number, , body]) => (number === NODE ? [{ kind: texts(body, 4)[0], inputs: texts(body, 1), outputs: texts(body, 2) }] : []));
  const names = new Set(nodes.flatMap(({ kind, inputs }) => (kind === "Resize" ? inputs.slice(RESIZE_SIZES) : [])));
  for (const { kind, inputs, outputs } of nodes) if (kind === "Concat" && names.has(outputs[0]!)) for (const name of inputs) names.add(name);
  return names;
}

/** From sizes in the graph as it is to those of another input. */
function scaling(from: Size, to: Size, sizes: readonly Size[]): (size: Size) => number[] {
  const halved = ([height, width]: Size) => [0, 1, 2, 3, 4, 5, 6, 7].some((level) => height === from[0] >> level && width === from[1] >> level);
  const others = sizes.filter((size) => !halved(size));
  const square = [from, ...others].every(([height, width]) => height === width);
  const inner = square ? Math.max(0, ...others.map(([side]) => side)) : 0;
  const stretch = Math.sqrt(to[1] / to[0]);
  const innerTo = [inner / stretch, inner * stretch].map((side) => Math.max(16, Math.floor(side / 16 + 0.5) * 16));
  return (size) => {
    const own = inner && !halved(size) && inner % size[0] === 0;
    return size.map((side, axis) => (own ? whole(side, innerTo[axis]!, inner) : whole(side, to[axis]!, from[axis]!)));
  };
}

function whole(side: number, to: number, from: number): number {
  const made = (side * to) / from;
  if (!Number.isInteger(made)) throw new Error(`${side} pixels have no whole size there`);
  return made;
}

/** A copy of the numbers in a tensor; height and width come last: alone, or after batch and channels. */
function numbers(tensor: Bytes): { view: DataView<ArrayBuffer>; size: Size } {
  const raw = fields(tensor).find(([number]) => number === TENSOR_RAW)?.[2];
  if (raw?.length !== 16 && raw?.length !== 32) throw new Error("the size of an enlargement is none");
  const view = new DataView(raw.slice().buffer);
  return { view, size: [Number(view.getBigInt64(raw.length - 16, true)), Number(view.getBigInt64(raw.length - 8, true))] };
}

// Protocol Buffers' wire format: https://protobuf.dev/programming-guides/encoding/

/** The fields of a message: number, wire type and body, without its length. */
function fields(message: Bytes): [number: number, kind: number, body: Bytes][] {
  const found: [number, number, Bytes][] = [];
  let at = 0;
  const next = () => {
    const start = at;
    while (message[at++]! > 127);
    return value(message.subarray(start, at));
  };
  while (at < message.length) {
    const key = next();
    const kind = key & 7;
    let start = at;
    if (kind === 0) next();
    else {
      const length = kind === 2 ? next() : { 1: 8, 5: 4 }[kind];
      start = at;
      at += length ?? NaN;
    }
    if (!(at <= message.length)) throw new Error("it is not a .onnx model");
    found.push([key >>> 3, kind, message.subarray(start, at)]);
  }
  return found;
}

/** A message with what `change` makes of its fields' bodies; null leaves one out. */
function edited(message: Bytes, change: (number: number, body: Bytes) => Bytes | null): Bytes {
  const parts: Bytes[] = [];
  for (const [number, kind, body] of fields(message)) {
    const made = change(number, body);
    if (made) parts.push(varint(8 * number + kind), kind === 2 ? varint(made.length) : made.subarray(0, 0), made);
  }
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Changes the messages at the end of a path of fields. */
function deep(message: Bytes, [first, ...rest]: readonly number[], change: (body: Bytes) => Bytes): Bytes {
  return edited(message, (number, body) => (number !== first ? body : rest.length ? deep(body, rest, change) : change(body)));
}

function texts(message: Bytes, number: number): string[] {
  return fields(message).flatMap(([own, , body]) => (own === number ? [new TextDecoder().decode(body)] : []));
}

function value(bytes: Bytes): number {
  return bytes.reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
}

function varint(number: number): Bytes {
  const bytes = [number % 128];
  while ((number = Math.floor(number / 128))) {
    bytes[bytes.length - 1]! += 128;
    bytes.push(number % 128);
  }
  return new Uint8Array(bytes);
}
