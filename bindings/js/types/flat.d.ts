/** @param {Buffer} buffer @param {number} at */
export function follow(buffer: Buffer, at: number): number;
/** How many elements a list has; all of them lie in the buffer.
 * @param {Buffer} buffer @param {number} at @param {number} elementBytes */
export function listCount(buffer: Buffer, at: number, elementBytes: number): number;
/** @param {Buffer} buffer @param {number} at */
export function bytesAt(buffer: Buffer, at: number): Buffer;
/** What `read` returns. Throws JackfieldError (DATA_LOSS): the bytes are not what they should be.
 * @template T @param {string} what @param {() => T} read @returns {T} */
export function reading<T>(what: string, read: () => T): T;
/** A table in a buffer. Every function may throw a RangeError: it leads out of the buffer. */
export class Table {
    /** @param {Buffer} buffer */
    static root(buffer: Buffer): Table;
    /** @param {Buffer} buffer @param {number} at */
    constructor(buffer: Buffer, at: number);
    buffer: Buffer;
    at: number;
    vtable: number;
    vtableBytes: number;
    /** Where the field of that id lies; 0: it is not there. @param {number} id */
    field(id: number): number;
    /** @param {number} id @param {number} [otherwise] */
    u8(id: number, otherwise?: number | undefined): number;
    /** @param {number} id @param {number} [otherwise] */
    u32(id: number, otherwise?: number | undefined): number;
    /** @param {number} id @param {number} [otherwise] */
    i32(id: number, otherwise?: number | undefined): number;
    /** @param {number} id */
    u64(id: number): bigint;
    /** The bytes of a string or of a list of bytes; undefined: it is not there. @param {number} id */
    bytes(id: number): Buffer | undefined;
    /** @param {number} id */
    text(id: number): string | undefined;
    /** The table that a field leads to. @param {number} id */
    table(id: number): Table | undefined;
    /** The tables of a list. @param {number} id @returns {Table[]} */
    tables(id: number): Table[];
}
/** Builds a buffer from its end: what is pointed to comes first. Offsets count from the end. */
export class Builder {
    constructor(bytes?: number);
    buffer: Buffer;
    head: number;
    alignment: number;
    /** @type {number[]} */
    slots: number[];
    tableStart: number;
    get used(): number;
    /** Makes room so that `more` bytes, and then a thing of that size, lie where they should.
     * @param {number} size @param {number} more */
    prepare(size: number, more: number): void;
    /** Room for a thing, at which it is then written. @param {number} size */
    place(size: number): number;
    /** @param {number} target */
    offset(target: number): void;
    /** @param {string} text */
    string(text: string): number;
    /** A list, whose elements `write` puts at the places it is told.
     * @param {number} count @param {number} elementBytes @param {number} alignment
     * @param {(i: number, at: number) => void} write */
    list(count: number, elementBytes: number, alignment: number, write: (i: number, at: number) => void): number;
    /** @param {Uint8Array} bytes @param {number} [alignment] */
    bytes(bytes: Uint8Array, alignment?: number | undefined): number;
    /** @param {number[]} targets */
    offsets(targets: number[]): number;
    startTable(): void;
    /** The field of that id lies at the head. @param {number} id */
    slot(id: number): void;
    /** @param {number} id @param {number} value */
    u8(id: number, value: number): void;
    /** @param {number} id @param {number} value */
    u32(id: number, value: number): void;
    /** @param {number} id @param {bigint} value */
    u64(id: number, value: bigint): void;
    /** @param {number} id @param {number} target */
    reference(id: number, target: number): void;
    endTable(): number;
    /** The bytes, with that table for their root. @param {number} root */
    finish(root: number): Buffer;
}
