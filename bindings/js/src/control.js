// The tables of the control frames (schemas/control.fbs, docs/WIRE.md "The control tables").

import { Builder, Table } from "./flat.js";
import { VERSION } from "./frame.js";

const NAME_BYTES_MAX = 64;
const TEXT_BYTES_MAX = 4096;        // of a Failure
const REFUSAL_BYTES_MAX = 1000;

/**
 * What both sides say of themselves, in a Hello and in a Welcome.
 * @typedef {object} Greeting
 * @property {bigint} epoch
 * @property {number} frameBytesMax
 * @property {number} windowUnits
 * @property {number} streamItems
 * @property {string} name
 * @property {string} [badge]
 */

/** The first bytes of a text, cut where a character begins.
 * @param {string} text @param {number} max */
function cut(text, max) {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max;
  while (end > 0 && (/** @type {number} */ (bytes[end]) & 0xc0) === 0x80) --end;
  return bytes.toString("utf8", 0, end);
}

/** @param {Greeting} greeting @returns {Buffer} */
export function buildHello(greeting) {
  const builder = new Builder();
  const name = builder.string(greeting.name);
  const badge = greeting.badge ? builder.string(greeting.badge) : 0;
  builder.startTable();
  builder.u64(3, greeting.epoch);
  if (badge !== 0) builder.reference(9, badge);
  builder.reference(7, name);
  builder.u32(6, greeting.streamItems);
  builder.u32(5, greeting.windowUnits);
  builder.u32(4, greeting.frameBytesMax);
  builder.u8(1, VERSION);
  builder.u8(0, VERSION);
  return builder.finish(builder.endTable());
}

/** @param {Greeting} greeting @returns {Buffer} */
export function buildWelcome(greeting) {
  const builder = new Builder();
  const name = builder.string(greeting.name);
  builder.startTable();
  builder.u64(2, greeting.epoch);
  builder.reference(6, name);
  builder.u32(5, greeting.streamItems);
  builder.u32(4, greeting.windowUnits);
  builder.u32(3, greeting.frameBytesMax);
  builder.u8(0, VERSION);
  return builder.finish(builder.endTable());
}

/** @param {Table} table @param {number} first the id of the epoch @returns {Greeting} */
function readGreeting(table, first) {
  return {
    epoch: table.u64(first),
    frameBytesMax: table.u32(first + 1),
    windowUnits: table.u32(first + 2),
    streamItems: table.u32(first + 3),
    name: table.bytes(first + 4)?.toString("utf8", 0, NAME_BYTES_MAX) ?? "",
  };
}

/** Throws RangeError: it cannot be read. @param {Buffer} payload */
export function readHello(payload) {
  const table = Table.root(payload);
  return {
    ...readGreeting(table, 3),
    versionMin: table.u8(0),
    versionMax: table.u8(1),
    badge: table.text(9) ?? "",
  };
}

/** Throws RangeError: it cannot be read. @param {Buffer} payload @returns {Greeting} */
export function readWelcome(payload) {
  return readGreeting(Table.root(payload), 2);
}

/** @param {number} reason @param {string} text @returns {Buffer} */
export function buildRefuse(reason, text) {
  const builder = new Builder();
  const words = builder.string(cut(text, REFUSAL_BYTES_MAX));
  builder.startTable();
  builder.reference(4, words);
  builder.u8(3, VERSION);
  builder.u8(2, VERSION);
  builder.u8(0, reason);
  return builder.finish(builder.endTable());
}

/** One that cannot be read only loses its text. @param {Buffer} payload */
export function readRefuse(payload) {
  try {
    const table = Table.root(payload);
    return {
      reason: table.u8(0),
      text: table.bytes(4)?.toString("utf8", 0, REFUSAL_BYTES_MAX) ?? "",
    };
  } catch {
    return { reason: 0, text: "" };
  }
}

/** @param {number} handled @param {number} received @returns {Buffer} */
export function buildReceipt(handled, received) {
  const builder = new Builder(64);
  builder.startTable();
  builder.u64(1, BigInt(received));
  builder.u64(0, BigInt(handled));
  return builder.finish(builder.endTable());
}

/** Throws RangeError: it cannot be read. @param {Buffer} payload */
export function readReceipt(payload) {
  const table = Table.root(payload);
  return { handled: Number(table.u64(0)), received: Number(table.u64(1)) };
}

/** @param {number} outcome @param {number} reason @param {string} text @returns {Buffer} */
export function buildFailure(outcome, reason, text) {
  const builder = new Builder(128);
  const words = builder.string(cut(text, TEXT_BYTES_MAX));
  builder.startTable();
  builder.reference(2, words);
  builder.u8(1, reason);
  builder.u8(0, outcome);
  return builder.finish(builder.endTable());
}

/** One that cannot be read only loses its text. @param {Buffer} payload */
export function readFailure(payload) {
  try {
    const table = Table.root(payload);
    return { outcome: table.u8(0) & 3, reason: table.u8(1), text: table.text(2) ?? "" };
  } catch {
    return { outcome: 0, reason: 0, text: "" };
  }
}
