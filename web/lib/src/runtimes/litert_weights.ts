/** Looks through the weights of a .tflite file (a FlatBuffer) before it is run. */

import { LimnerWebError } from "../api.ts";
import { allFinite } from "./finite.ts";

const FLOAT32 = 0;
const FLOAT16 = 1;
// Numbers of fields in TensorFlow Lite's schema: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
const MODEL = { subgraphs: 2, buffers: 4 };
const SUBGRAPH = { tensors: 0 };
const TENSOR = { type: 1, buffer: 2, name: 3 };
const BUFFER = { data: 0 };

/**
 * @throws LimnerWebError "bad-model": the file is no .tflite, or a weight is not a number. Kernels clamp after most
 * convolutions, and a clamp turns what is not a number into one: the output would not show that the net is broken.
 */
export function checkWeights(file: Uint8Array<ArrayBuffer>, name: string): void {
  let broken: string | null;
  try {
    broken = firstBroken(new DataView(file.buffer, file.byteOffset, file.byteLength));
  } catch (cause) {
    if (cause instanceof LimnerWebError) throw cause;
    throw new LimnerWebError("bad-model", `${name} is damaged, or no .tflite file: fetch or export it again`, { cause });
  }
  if (broken !== null) throw new LimnerWebError("bad-model", `${name}: weight ${broken} is not a number: export the net again, from a checkpoint that was trained to the end`);
}

function firstBroken(file: DataView): string | null {
  if (file.getUint32(4, true) !== 0x334c4654) throw new Error("no TFL3");
  const model = new Table(file, file.getUint32(0, true));
  const buffers = model.tables(MODEL.buffers);
  for (const subgraph of model.tables(MODEL.subgraphs)) {
    for (const tensor of subgraph.tables(SUBGRAPH.tensors)) {
      const type = tensor.byte(TENSOR.type);
      const data = (type === FLOAT32 || type === FLOAT16) && buffers[tensor.number(TENSOR.buffer)]?.bytes(BUFFER.data);
      if (data && !allFinite(data, type === FLOAT32 ? "float32" : "float16")) return tensor.text(TENSOR.name);
    }
  }
  return null;
}

class Table {
  constructor(
    private readonly file: DataView,
    private readonly at: number,
  ) {}

  byte(field: number): number {
    const at = this.field(field);
    return at ? this.file.getInt8(at) : 0;
  }

  number(field: number): number {
    const at = this.field(field);
    return at ? this.file.getUint32(at, true) : 0;
  }

  bytes(field: number): DataView | null {
    const at = this.vector(field);
    return at ? new DataView(this.file.buffer, this.file.byteOffset + at + 4, this.file.getUint32(at, true)) : null;
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field) ?? new Uint8Array());
  }

  tables(field: number): Table[] {
    const at = this.vector(field);
    const count = at ? this.file.getUint32(at, true) : 0;
    if (count * 4 > this.file.byteLength) throw new RangeError("longer than the file");
    return Array.from({ length: count }, (_, index) => {
      const place = at + 4 + 4 * index;
      return new Table(this.file, place + this.file.getUint32(place, true));
    });
  }

  private vector(field: number): number {
    const at = this.field(field);
    return at && at + this.file.getUint32(at, true);
  }

  /** Where a field's value lies; 0 where the table has none. */
  private field(number: number): number {
    const shape = this.at - this.file.getInt32(this.at, true);
    const slot = 4 + 2 * number;
    const offset = slot < this.file.getUint16(shape, true) ? this.file.getUint16(shape + slot, true) : 0;
    return offset && this.at + offset;
  }
}
