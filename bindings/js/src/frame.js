// The header in front of every frame (docs/WIRE.md "A frame"), and the numbers that it is made of.

/** Kinds of frames. */
export const Kind = Object.freeze({
  Hello: 1, Welcome: 2, Refuse: 3, Request: 4, Reply: 5, OneWay: 6, Item: 7, ItemsEnd: 8,
  Cancel: 9, Ack: 10, StreamGrant: 11, Close: 12, Closed: 13,
});

export const HEADER_BYTES = 48;
export const MAGIC = 0x4a;
export const VERSION = 1;
export const FLAG_STREAM = 1;
export const NO_DEADLINE = 0xffffffff;
export const FRAME_BYTES_MAX = 16 << 20; // more is never agreed on
export const FRAME_BYTES_LEAST = 256;    // less counts as this
const UNIT_BYTES_LOG2 = 12;              // a frame costs 1 unit, and 1 for each full 4,096 bytes

/** @param {number} bytes */
export const filled = (bytes) => (bytes + 7) & ~7;

/** @param {number} frameBytes */
export const unitsOf = (frameBytes) => 1 + (frameBytes >>> UNIT_BYTES_LOG2);

/** @param {number} kind */
export const isSequenced = (kind) =>
  (kind >= Kind.Request && kind <= Kind.ItemsEnd);

/** @param {number} kind */
export const costsCredit = (kind) =>
  kind === Kind.Request || kind === Kind.OneWay || kind === Kind.Item;

/**
 * An id of a call: a number where that is exact, else a bigint.
 * @typedef {number | bigint} CallId
 */

/** @param {Buffer} frame @param {number} at @returns {CallId} */
function readId(frame, at) {
  const high = frame.readUInt32LE(at + 4);
  return high < 0x200000 ? high * 0x100000000 + frame.readUInt32LE(at)
    : frame.readBigUInt64LE(at);
}

/**
 * What a frame's header says, but for what the session itself deals with.
 * @typedef {object} Header
 * @property {number} kind
 * @property {number} flags
 * @property {number} frameBytes
 * @property {number} priority
 * @property {number} code
 * @property {number} type
 * @property {CallId} callId
 * @property {number} sequence
 * @property {number} budgetUs
 */

/** @param {Buffer} frame @returns {Header} */
export function readHeader(frame) {
  return {
    kind: /** @type {number} */ (frame[2]),
    flags: /** @type {number} */ (frame[3]),
    frameBytes: frame.readUInt32LE(4),
    priority: /** @type {number} */ (frame[8]),
    code: /** @type {number} */ (frame[10]),
    type: frame.readUInt32LE(12),
    callId: readId(frame, 16),
    sequence: frame.readUInt32LE(32),
    budgetUs: frame.readUInt32LE(40),
  };
}

/**
 * What a header is made of; the rest of it is 0.
 * @typedef {object} Outgoing
 * @property {number} kind
 * @property {number} [flags]
 * @property {number} [priority]
 * @property {number} [code]
 * @property {number} [type]
 * @property {CallId} [callId]
 * @property {number} [budgetUs]
 */

/**
 * Writes a header to the beginning of a frame.
 * @param {Buffer} frame @param {number} frameBytes @param {Outgoing} out @param {bigint} epoch
 * @param {number} sequence @param {number} ack @param {number} grant
 */
export function writeHeader(frame, frameBytes, out, epoch, sequence, ack, grant) {
  frame[0] = MAGIC;
  frame[1] = VERSION;
  frame[2] = out.kind;
  frame[3] = out.flags ?? 0;
  frame.writeUInt32LE(frameBytes, 4);
  frame[8] = out.priority ?? 0;
  frame[9] = 0;
  frame[10] = out.code ?? 0;
  frame[11] = 0;
  frame.writeUInt32LE(out.type ?? 0, 12);
  const id = out.callId ?? 0;
  if (typeof id === "number") {
    frame.writeUInt32LE(id >>> 0, 16);
    frame.writeUInt32LE(Math.floor(id / 0x100000000), 20);
  } else {
    frame.writeBigUInt64LE(id, 16);
  }
  frame.writeBigUInt64LE(epoch, 24);
  frame.writeUInt32LE(sequence, 32);
  frame.writeUInt32LE(ack, 36);
  frame.writeUInt32LE(out.budgetUs ?? NO_DEADLINE, 40);
  frame.writeUInt32LE(grant, 44);
}

/** @type {Map<string, number>} */
const types = new Map();
const TYPES_MAX = 4096; // remembered

/**
 * The number of a method, as it travels: FNV-1a, 32 bits, of "package.Service/Method".
 * @param {string | number} method a number stands for itself @returns {number}
 */
export function typeOf(method) {
  if (typeof method === "number") return method >>> 0;
  const known = types.get(method);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(method)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  if (types.size < TYPES_MAX) types.set(method, hash);
  return hash;
}

/** FNV-1a, 64 bits. @param {Uint8Array} bytes @returns {bigint} */
export function fnv64(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return hash;
}

/**
 * Are the values of an extension whole, and none of them one that must be understood (bit 15 of its
 * tag) and is not?
 * @param {Buffer} extension
 */
export function extensionIsSound(extension) {
  for (let at = 0; at < extension.length;) {
    // A multiple of 8 bytes: there are always four to read.
    const tag = extension.readUInt16LE(at);
    const next = at + filled(4 + extension.readUInt16LE(at + 2));
    if (next > extension.length || (tag & 0x8000) !== 0) return false;
    at = next;
  }
  return true;
}
