// Folders and files as one block of bytes, in the form of tar (ustar), which the embedded
// database takes. Decides the little of that form that is needed: names below a hundred
// bytes, no links, no owners. Must not know what is packed.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const block = 512;

export interface TarEntry {
  /** Begins with a slash: that of the folder that was packed. */
  readonly path: string;
  /** Absent: a folder. */
  readonly data?: Buffer;
}

export function packFolder(folder: string): Buffer {
  const parts: Buffer[] = [];
  const add = (path: string): void => {
    for (const found of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = `${path}/${found.name}`;
      if (found.isDirectory()) {
        parts.push(headerOf(inner));
        add(inner);
      } else {
        const data = readFileSync(join(folder, inner));
        parts.push(headerOf(inner, data), data, Buffer.alloc(-data.length & (block - 1)));
      }
    }
  };
  add("");
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

export function* entriesOf(tar: Buffer): Generator<TarEntry> {
  for (let at = 0; tar[at] !== 0 && at < tar.length; ) {
    const path = textAt(tar, at, 100);
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8);
    const data = tar.subarray(at + block, at + block + size);
    yield String.fromCharCode(tar[at + 156] ?? 0) === "5" ? { path } : { path, data };
    at += block + size + (-size & (block - 1));
  }
}

function headerOf(path: string, data?: Buffer): Buffer {
  const header = Buffer.alloc(block);
  if (Buffer.byteLength(path) >= 100) throw new Error(`The name ${path} is too long to be packed.`);
  header.write(path, 0);
  header.write(data === undefined ? "0000700\0" : "0000600\0", 100);
  header.write("0000000\0".repeat(2), 108);
  header.write(`${(data?.length ?? 0).toString(8).padStart(11, "0")}\0`, 124);
  header.write(`${"0".repeat(11)}\0`, 136);
  header.write(data === undefined ? "5" : "0", 156);
  header.write("ustar\x0000", 257);
  // The sum counts its own place as spaces.
  const sum = header.reduce((total, byte) => total + byte, 8 * 0x20);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function textAt(bytes: Buffer, start: number, length: number): string {
  const end = bytes.indexOf(0, start);
  return bytes.toString("utf8", start, Math.min(end, start + length));
}
