// FlatBuffers, as far as the bus needs them: a reader that believes no offset, and a builder.
//
// The npm package `flatbuffers` has no verifier, and reads whatever an offset leads to; what comes
// here is a peer's. So the reader is this project's own: Buffer's functions throw a RangeError
// beyond the end, whoever reads a message catches it (`reading`), and nothing is left to depend on.

import { Code, JackfieldError, Outcome, Reason } from "./errors.js";

/** A table in a buffer. Every function may throw a RangeError: it leads out of the buffer. */
export class Table {
  /** @param {Buffer} buffer @param {number} at */
  constructor(buffer, at) {
    this.buffer = buffer;
    this.at = at;
    this.vtable = at - buffer.readInt32LE(at);
    this.vtableBytes = buffer.readUInt16LE(this.vtable);
  }

  /** @param {Buffer} buffer */
  static root(buffer) {
    return new Table(buffer, buffer.readUInt32LE(0));
  }

  /** Where the field of that id lies; 0: it is not there. @param {number} id */
  field(id) {
    const entry = 4 + 2 * id;
    if (entry + 2 > this.vtableBytes) return 0;
    const offset = this.buffer.readUInt16LE(this.vtable + entry);
    return offset === 0 ? 0 : this.at + offset;
  }

  /** @param {number} id @param {number} [otherwise] */
  u8(id, otherwise = 0) {
    const at = this.field(id);
    return at === 0 ? otherwise : this.buffer.readUInt8(at);
  }

  /** @param {number} id @param {number} [otherwise] */
  u32(id, otherwise = 0) {
    const at = this.field(id);
    return at === 0 ? otherwise : this.buffer.readUInt32LE(at);
  }

  /** @param {number} id @param {number} [otherwise] */
  i32(id, otherwise = 0) {
    const at = this.field(id);
    return at === 0 ? otherwise : this.buffer.readInt32LE(at);
  }

  /** @param {number} id */
  u64(id) {
    const at = this.field(id);
    return at === 0 ? 0n : this.buffer.readBigUInt64LE(at);
  }

  /** The bytes of a string or of a list of bytes; undefined: it is not there. @param {number} id */
  bytes(id) {
    const at = this.field(id);
    return at === 0 ? undefined : bytesAt(this.buffer, follow(this.buffer, at));
  }

  /** @param {number} id */
  text(id) {
    return this.bytes(id)?.toString();
  }

  /** The table that a field leads to. @param {number} id */
  table(id) {
    const at = this.field(id);
    return at === 0 ? undefined : new Table(this.buffer, follow(this.buffer, at));
  }

  /** The tables of a list. @param {number} id @returns {Table[]} */
  tables(id) {
    const at = this.field(id);
    if (at === 0) return [];
    const start = follow(this.buffer, at);
    const count = listCount(this.buffer, start, 4);
    return Array.from({ length: count }, (_, i) =>
      new Table(this.buffer, follow(this.buffer, start + 4 + 4 * i)));
  }
}

/** @param {Buffer} buffer @param {number} at */
export function follow(buffer, at) {
  return at + buffer.readUInt32LE(at);
}

/** How many elements a list has; all of them lie in the buffer.
 * @param {Buffer} buffer @param {number} at @param {number} elementBytes */
export function listCount(buffer, at, elementBytes) {
  const count = buffer.readUInt32LE(at);
  if (at + 4 + count * elementBytes > buffer.length) throw new RangeError("a list leads out of it");
  return count;
}

/** @param {Buffer} buffer @param {number} at */
export function bytesAt(buffer, at) {
  const count = listCount(buffer, at, 1);
  return buffer.subarray(at + 4, at + 4 + count);
}

/** What `read` returns. Throws JackfieldError (DATA_LOSS): the bytes are not what they should be.
 * @template T @param {string} what @param {() => T} read @returns {T} */
export function reading(what, read) {
  try {
    return read();
  } catch (why) {
    if (!(why instanceof RangeError)) throw why;
    throw new JackfieldError(Code.DATA_LOSS, `${what} is not what the schema says`,
      Outcome.ANSWERED, Reason.NONE);
  }
}

/** Builds a buffer from its end: what is pointed to comes first. Offsets count from the end. */
export class Builder {
  constructor(bytes = 256) {
    this.buffer = Buffer.alloc(bytes);
    this.head = bytes;
    this.alignment = 4;
    /** @type {number[]} */
    this.slots = [];
    this.tableStart = 0;
  }

  get used() {
    return this.buffer.length - this.head;
  }

  /** Makes room so that `more` bytes, and then a thing of that size, lie where they should.
   * @param {number} size @param {number} more */
  prepare(size, more) {
    if (size > this.alignment) this.alignment = size;
    const filling = -(this.used + more) & (size - 1);
    const wanted = filling + size + more;
    if (wanted > this.head) {
      const used = this.used;
      const larger = Buffer.alloc(Math.max(2 * this.buffer.length, used + wanted));
      this.buffer.copy(larger, larger.length - used, this.head);
      this.head = larger.length - used;
      this.buffer = larger;
    }
    this.head -= filling;
  }

  /** Room for a thing, at which it is then written. @param {number} size */
  place(size) {
    this.prepare(size, 0);
    this.head -= size;
    return this.head;
  }

  /** @param {number} target */
  offset(target) {
    const at = this.place(4);
    this.buffer.writeUInt32LE(this.used - target, at);
  }

  /** @param {string} text */
  string(text) {
    const bytes = Buffer.from(text);
    this.prepare(4, bytes.length + 1);
    this.head -= bytes.length + 1;
    bytes.copy(this.buffer, this.head);
    this.buffer.writeUInt32LE(bytes.length, this.place(4));
    return this.used;
  }

  /** A list, whose elements `write` puts at the places it is told.
   * @param {number} count @param {number} elementBytes @param {number} alignment
   * @param {(i: number, at: number) => void} write */
  list(count, elementBytes, alignment, write) {
    this.prepare(4, count * elementBytes);
    this.prepare(alignment, count * elementBytes);
    this.head -= count * elementBytes;
    const at = this.head;
    for (let i = 0; i < count; ++i) write(i, at + i * elementBytes);
    this.buffer.writeUInt32LE(count, this.place(4));
    return this.used;
  }

  /** @param {Uint8Array} bytes @param {number} [alignment] */
  bytes(bytes, alignment = 1) {
    this.prepare(4, bytes.length);
    this.prepare(alignment, bytes.length);
    this.head -= bytes.length;
    this.buffer.set(bytes, this.head);
    this.buffer.writeUInt32LE(bytes.length, this.place(4));
    return this.used;
  }

  /** @param {number[]} targets */
  offsets(targets) {
    return this.list(targets.length, 4, 4, (i, at) => {
      this.buffer.writeUInt32LE(this.buffer.length - at - /** @type {number} */ (targets[i]), at);
    });
  }

  startTable() {
    this.slots = [];
    this.tableStart = this.used;
  }

  /** The field of that id lies at the head. @param {number} id */
  slot(id) {
    this.slots[id] = this.used;
  }

  /** @param {number} id @param {number} value */
  u8(id, value) {
    this.buffer.writeUInt8(value, this.place(1));
    this.slot(id);
  }

  /** @param {number} id @param {number} value */
  u32(id, value) {
    this.buffer.writeUInt32LE(value, this.place(4));
    this.slot(id);
  }

  /** @param {number} id @param {bigint} value */
  u64(id, value) {
    this.buffer.writeBigUInt64LE(value, this.place(8));
    this.slot(id);
  }

  /** @param {number} id @param {number} target */
  reference(id, target) {
    this.offset(target);
    this.slot(id);
  }

  endTable() {
    this.place(4);
    const table = this.used;
    for (let id = this.slots.length - 1; id >= 0; --id) {
      const slot = this.slots[id];
      this.buffer.writeUInt16LE(slot === undefined ? 0 : table - slot, this.place(2));
    }
    this.buffer.writeUInt16LE(table - this.tableStart, this.place(2));
    this.buffer.writeUInt16LE(4 + 2 * this.slots.length, this.place(2));
    this.buffer.writeInt32LE(this.used - table, this.buffer.length - table);
    return table;
  }

  /** The bytes, with that table for their root. @param {number} root */
  finish(root) {
    this.prepare(this.alignment, 4);
    this.offset(root);
    return this.buffer.subarray(this.head);
  }
}
