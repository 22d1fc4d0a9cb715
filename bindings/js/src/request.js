// A message that is being served.

import { buildFailure } from "./control.js";
import { Code, errorOf, JackfieldError, misuse, Outcome, Reason } from "./errors.js";
import { FLAG_STREAM, Kind, NO_DEADLINE } from "./frame.js";
import { ItemStream } from "./stream.js";

const TIMER_MS_MAX = 0x7fffffff;

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
  constructor(session, header, payload, method, peer) {
    this._session = session;
    this._header = header;
    this._deadline = header.budgetUs === NO_DEADLINE ? Infinity
      : performance.now() + header.budgetUs / 1000;
    /** @type {AbortController | undefined} */
    this._abort = undefined;
    /** @type {NodeJS.Timeout | undefined} */
    this._timer = undefined;
    this._cancelled = false;
    this._over = false;
    /** @type {ItemStream | undefined} */
    this._stream = undefined;
    this.payload = payload;
    this.method = method;
    this.peer = peer;
    if (this.isStream) {
      this._stream = new ItemStream();
      this._stream._begin(session, header.callId, header.priority);
    }
  }

  get oneWay() {
    return this._header.kind === Kind.OneWay;
  }

  get isStream() {
    return (this._header.flags & FLAG_STREAM) !== 0;
  }

  /** Does nobody wait for the answer any more? */
  get cancelled() {
    return this._cancelled || this.remainingMs <= 0;
  }

  /** Until its deadline; Infinity: it has none. */
  get remainingMs() {
    return this._deadline - performance.now();
  }

  /** Aborted when nobody waits for the answer any more: hand it to what takes long.
   * @returns {AbortSignal} */
  get signal() {
    if (this._abort === undefined) {
      this._abort = new AbortController();
      if (this.cancelled) this._abort.abort();
      else if (this._deadline !== Infinity && !this._over)
        this._timer = setTimeout(() => this._expire(), Math.min(this.remainingMs, TIMER_MS_MAX));
    }
    return this._abort.signal;
  }

  /** Its items. Throws: it was not opened as a stream (INVALID_ARGUMENT, which is its caller's). */
  stream() {
    if (this._stream !== undefined) return this._stream;
    throw new JackfieldError(Code.INVALID_ARGUMENT,
      `${this.method} is a stream, and was called plainly`);
  }

  // ---- For the port.

  /** Its deadline has passed: its caller has been told so by its own end. */
  _expire() {
    this._cancel(errorOf(Outcome.FAILED, Reason.DEADLINE, "the deadline of the call has passed"));
  }

  /** Nobody waits any more. @param {JackfieldError} why */
  _cancel(why) {
    this._cancelled = true;
    this._stream?._endReads(why);
    this._stream?._endWrites(why);
    this._abort?.abort();
  }

  /** @param {Uint8Array | undefined | void} answer @param {() => void} then */
  _settle(answer, then) {
    if (this.oneWay || this.cancelled) return then();
    if (!(answer instanceof Uint8Array)) {
      const what = answer === undefined ? "without an answer"
        : "something that is no bytes (a Buffer, a Uint8Array)";
      return this._fail(new JackfieldError(Code.INTERNAL,
        `${this.method}: the handler returned ${what}`), then);
    }
    const tooLarge = this._session.whyTooLarge(answer);
    if (tooLarge !== undefined) return this._fail(tooLarge, then);
    const reply = () => {
      this._session.frame({ kind: Kind.Reply, callId: this._header.callId,
        type: this._header.type, priority: this._header.priority }, answer);
      then();
    };
    if (this._stream === undefined) reply();
    else this._stream._whenDrained(reply);
  }

  /** @param {unknown} why @param {() => void} then */
  _fail(why, then) {
    if (!this.oneWay && !this._cancelled) {
      const known = why instanceof JackfieldError;
      const text = known ? why.text
        : `${this.method}: ${why instanceof Error ? `${why.name}: ${why.message}` : why}`;
      const code = known && why.code >= 1 && why.code <= 16 ? why.code
        : known ? Code.UNKNOWN : Code.INTERNAL;
      this._refuse(code, Outcome.ANSWERED, Reason.NONE, text);
    }
    then();
  }

  /** @param {number} code @param {number} outcome @param {number} reason @param {string} text */
  _refuse(code, outcome, reason, text) {
    this._session.frame({ kind: Kind.Reply, callId: this._header.callId, code,
      type: this._header.type, priority: this._header.priority },
    buildFailure(outcome, reason, text));
  }

  _end() {
    this._over = true;
    clearTimeout(this._timer);
    const over = misuse("the call is over");
    this._stream?._endReads(over);
    this._stream?._endWrites(over);
    this._stream?._drop();
  }
}

