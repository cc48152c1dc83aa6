/** Writes ZIP archives of files that need no compression, such as PNG pictures. */

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ CRC[(value ^ byte) & 255]!;
  return (value ^ 0xffffffff) >>> 0;
}

/** 4 GiB of archive and 65,535 files, which the format without its later extension can hold. */
const LARGEST = 0xffffffff;

/** Files one after another; the archive is there when `finish` is called. Contents stay blobs, which the browser may keep on disk. */
export class Zip {
  private readonly parts: Blob[] = [];
  private readonly directory: Blob[] = [];
  private size = 0;
  private count = 0;

  get files(): number {
    return this.count;
  }

  /** @throws RangeError where the archive would be larger than the format holds. */
  async add(name: string, content: Blob): Promise<void> {
    const path = new TextEncoder().encode(name);
    if (this.size + content.size + 256 > LARGEST || this.count === 0xffff) throw new RangeError("the archive is full");
    const fields = numbers([2, 20], [2, 0x0800], [2, 0], [2, 0], [2, 0x21], [4, crc32(new Uint8Array(await content.arrayBuffer()))], [4, content.size], [4, content.size], [2, path.length], [2, 0]);
    this.directory.push(new Blob([numbers([4, 0x02014b50], [2, 20]), fields, numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, this.size]), path]));
    const entry = new Blob([numbers([4, 0x04034b50]), fields, path, content]);
    this.parts.push(entry);
    this.size += entry.size;
    this.count++;
  }

  finish(): Blob {
    const directory = new Blob(this.directory);
    const end = numbers([4, 0x06054b50], [2, 0], [2, 0], [2, this.count], [2, this.count], [4, directory.size], [4, this.size], [2, 0]);
    return new Blob([...this.parts, directory, end], { type: "application/zip" });
  }
}

/** Little-endian numbers of 2 or 4 bytes. */
function numbers(...fields: [2 | 4, number][]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return bytes;
}
