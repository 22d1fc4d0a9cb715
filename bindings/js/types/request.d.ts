/**
 * Who called: its name by its own word, the one that its badge proves ("": none), and the system's
 * word where it can be had, over abstract unix names.
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} caller
 * @property {number} [uid]
 * @property {number} [gid]
 * @property {number} [pid]
 */
/**
 * A message that is being served. The handler's answer, or what it throws, is its answer; nothing
 * that is done with it later has an effect.
 */
export class Request {
    /** @param {import("./session.js").Session} session @param {import("./frame.js").Header} header
     * @param {Buffer} payload @param {string | number} method @param {Peer} peer */
    constructor(session: import("./session.js").Session, header: import("./frame.js").Header, payload: Buffer, method: string | number, peer: Peer);
    _session: import("./session.js").Session;
    _header: import("./frame.js").Header;
    _deadline: number;
    /** @type {AbortController | undefined} */
    _abort: AbortController | undefined;
    /** @type {NodeJS.Timeout | undefined} */
    _timer: NodeJS.Timeout | undefined;
    _cancelled: boolean;
    _over: boolean;
    /** @type {ItemStream | undefined} */
    _stream: ItemStream | undefined;
    payload: Buffer;
    method: string | number;
    peer: Peer;
    get oneWay(): boolean;
    get isStream(): boolean;
    /** Does nobody wait for the answer any more? */
    get cancelled(): boolean;
    /** Until its deadline; Infinity: it has none. */
    get remainingMs(): number;
    /** Aborted when nobody waits for the answer any more: hand it to what takes long.
     * @returns {AbortSignal} */
    get signal(): AbortSignal;
    /** Its items. Throws: it was not opened as a stream (INVALID_ARGUMENT, which is its caller's). */
    stream(): ItemStream;
    /** Its deadline has passed: its caller has been told so by its own end. */
    _expire(): void;
    /** Nobody waits any more. @param {JackfieldError} why */
    _cancel(why: JackfieldError): void;
    /** @param {Uint8Array | undefined | void} answer @param {() => void} then */
    _settle(answer: Uint8Array | undefined | void, then: () => void): void;
    /** @param {unknown} why @param {() => void} then */
    _fail(why: unknown, then: () => void): void;
    /** @param {number} code @param {number} outcome @param {number} reason @param {string} text */
    _refuse(code: number, outcome: number, reason: number, text: string): void;
    _end(): void;
}
/**
 * Who called: its name by its own word, the one that its badge proves ("": none), and the system's
 * word where it can be had, over abstract unix names.
 */
export type Peer = {
    name: string;
    caller: string;
    uid?: number | undefined;
    gid?: number | undefined;
    pid?: number | undefined;
};
import { ItemStream } from "./stream.js";
import { JackfieldError } from "./errors.js";
