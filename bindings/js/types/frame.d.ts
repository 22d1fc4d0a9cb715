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
export function readHeader(frame: Buffer): Header;
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
export function writeHeader(frame: Buffer, frameBytes: number, out: Outgoing, epoch: bigint, sequence: number, ack: number, grant: number): void;
/**
 * The number of a method, as it travels: FNV-1a, 32 bits, of "package.Service/Method".
 * @param {string | number} method a number stands for itself @returns {number}
 */
export function typeOf(method: string | number): number;
/** FNV-1a, 64 bits. @param {Uint8Array} bytes @returns {bigint} */
export function fnv64(bytes: Uint8Array): bigint;
/**
 * Are the values of an extension whole, and none of them one that must be understood (bit 15 of its
 * tag) and is not?
 * @param {Buffer} extension
 */
export function extensionIsSound(extension: Buffer): boolean;
/** Kinds of frames. */
export const Kind: Readonly<{
    Hello: 1;
    Welcome: 2;
    Refuse: 3;
    Request: 4;
    Reply: 5;
    OneWay: 6;
    Item: 7;
    ItemsEnd: 8;
    Cancel: 9;
    Ack: 10;
    StreamGrant: 11;
    Close: 12;
    Closed: 13;
}>;
export const HEADER_BYTES: 48;
export const MAGIC: 74;
export const VERSION: 1;
export const FLAG_STREAM: 1;
export const NO_DEADLINE: 4294967295;
export const FRAME_BYTES_MAX: number;
export const FRAME_BYTES_LEAST: 256;
export function filled(bytes: number): number;
export function unitsOf(frameBytes: number): number;
export function isSequenced(kind: number): boolean;
export function costsCredit(kind: number): kind is 4 | 6 | 7;
/**
 * An id of a call: a number where that is exact, else a bigint.
 */
export type CallId = number | bigint;
/**
 * What a frame's header says, but for what the session itself deals with.
 */
export type Header = {
    kind: number;
    flags: number;
    frameBytes: number;
    priority: number;
    code: number;
    type: number;
    callId: CallId;
    sequence: number;
    budgetUs: number;
};
/**
 * What a header is made of; the rest of it is 0.
 */
export type Outgoing = {
    kind: number;
    flags?: number | undefined;
    priority?: number | undefined;
    code?: number | undefined;
    type?: number | undefined;
    callId?: CallId | undefined;
    budgetUs?: number | undefined;
};
