// Streams: the items of a call, in both directions, at either end.

import { closed, misuse } from "./errors.js";
import { Kind } from "./frame.js";
import { NOTHING, STREAM_ITEMS } from "./session.js";

/** @typedef {import("./errors.js").JackfieldError} JackfieldError */
/** @typedef {import("./session.js").Session} Session */

/**
 * One item that has come, or one that waits to leave.
 * @typedef {{ payload: Buffer, sequence: number }} Come
 * @typedef {{ payload: Uint8Array, done: () => void, failed: (why: JackfieldError) => void }} Going
 */

/**
 * Items of a call: `for await (const item of stream)`, and `await stream.write(item)`.
 *
 * Each way has a limit (64 unread items, and the credit of the connection): a write waits for room,
 * so an `await` in front of it is what keeps a writer from filling its own memory.
 */
export class ItemStream {
  constructor() {
    /** @type {Session | undefined} */
    this._session = undefined;
    /** @type {import("./frame.js").CallId} */
    this._callId = 0;
    /** @type {Come[]} */
    this._come = [];
    this._itemsGot = 0;
    this._itemsRead = 0;
    this._told = STREAM_ITEMS;
    /** @type {((item: IteratorResult<Buffer, undefined>) => void)[]} */
    this._readers = [];
    /** @type {((why: JackfieldError) => void)[]} */
    this._readersFail = [];
    this._readsEnded = false;
    /** @type {JackfieldError | undefined} */
    this._why = undefined;
    /** @type {Going[]} */
    this._going = [];
    this._itemsSent = 0;
    this._mayTotal = 0;
    this._writesEnded = false;
    this._priority = 0;
    /** Called when nothing waits to leave any more. @type {(() => void) | undefined} */
    this._drained = undefined;
  }

  // ---- Reading.

  /** The next item, or undefined: no more will come. Throws JackfieldError: why they ended.
   * @returns {Promise<Buffer | undefined>} */
  async read() {
    return (await this.next()).value;
  }

  /** @returns {Promise<IteratorResult<Buffer, undefined>>} */
  next() {
    const item = this._come.shift();
    if (item !== undefined) {
      this._handled(item.sequence);
      return Promise.resolve({ value: item.payload, done: false });
    }
    if (this._readsEnded) {
      return this._why !== undefined ? Promise.reject(this._why)
        : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this._readers.push(resolve);
      this._readersFail.push(reject);
    });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @param {number} sequence */
  _handled(sequence) {
    const session = this._session;
    if (session === undefined) return;
    ++this._itemsRead;
    session.handled(sequence);
    const total = this._itemsRead + STREAM_ITEMS;
    if (this._readsEnded || total - this._told < STREAM_ITEMS / 4) return;
    this._told = total;
    session.frame({ kind: Kind.StreamGrant, callId: this._callId, type: total }, NOTHING);
  }

  /** An item has come. Returns: is it handled? @param {Buffer} payload @param {number} sequence */
  _deliver(payload, sequence) {
    if (this._readsEnded) return true;
    if (++this._itemsGot > this._told) {
      this._session?.corrupt("more items than a stream's reader has taken");
      return true;
    }
    const reader = this._readers.shift();
    if (reader === undefined) {
      this._come.push({ payload, sequence });
      return false;
    }
    this._readersFail.shift();
    this._handled(sequence);
    reader({ value: payload, done: false });
    return true;
  }

  /** No more items will come. @param {JackfieldError} [why] it is no good end */
  _endReads(why) {
    if (this._readsEnded) return;
    this._readsEnded = true;
    this._why = why;
    for (const reader of this._readers.splice(0)) {
      const fail = this._readersFail.shift();
      if (why !== undefined) fail?.(why);
      else reader({ value: undefined, done: true });
    }
  }

  /** Nobody will read what has come. */
  _drop() {
    for (const item of this._come.splice(0)) this._session?.handled(item.sequence);
  }

  // ---- Writing.

  /**
   * Sends an item; resolves when there was room for it and it has left. Rejects: the call is over.
   * @param {Uint8Array} data @returns {Promise<void>}
   */
  write(data) {
    if (!(data instanceof Uint8Array))
      return Promise.reject(misuse("an item is bytes: a Buffer or a Uint8Array"));
    if (this._writesEnded) return Promise.reject(this._why ?? closed("stream"));
    const tooLarge = this._session?.whyTooLarge(data);
    if (tooLarge !== undefined) return Promise.reject(tooLarge);
    if (this._going.length === 0 && this._mayWrite()) {
      this._writeNow(data);
      return Promise.resolve();
    }
    return new Promise((done, failed) => this._going.push({ payload: data, done, failed }));
  }

  _mayWrite() {
    return this._session !== undefined && this._itemsSent < this._mayTotal &&
      this._session.hasItemCredit;
  }

  /** @param {Uint8Array} data */
  _writeNow(data) {
    ++this._itemsSent;
    this._session?.frame({ kind: Kind.Item, callId: this._callId, priority: this._priority }, data);
  }

  /** What waits leaves, as far as there is room. */
  _pump() {
    while (this._going.length > 0 && this._mayWrite()) {
      const going = /** @type {Going} */ (this._going.shift());
      const tooLarge = this._session?.whyTooLarge(going.payload);
      if (tooLarge !== undefined) {
        going.failed(tooLarge);
        continue;
      }
      this._writeNow(going.payload);
      going.done();
    }
    if (this._going.length > 0) return;
    const drained = this._drained;
    this._drained = undefined;
    drained?.();
  }

  /** Calls f when nothing waits to leave. @param {() => void} f */
  _whenDrained(f) {
    if (this._going.length === 0) f();
    else this._drained = f;
  }

  /** @param {number} total */
  _granted(total) {
    if (total > this._mayTotal) this._mayTotal = total;
    this._pump();
  }

  /** @param {JackfieldError} why */
  _endWrites(why) {
    this._writesEnded = true;
    for (const going of this._going.splice(0)) going.failed(why);
    this._drained = undefined;
  }

  /** It has left. @param {Session} session @param {import("./frame.js").CallId} callId
   * @param {number} priority */
  _begin(session, callId, priority) {
    this._session = session;
    this._callId = callId;
    this._priority = priority;
    this._mayTotal = session.peerStreamItems;
    this._pump();
  }
}

/** A stream at its caller. */
export class ClientStream extends ItemStream {
  /** @param {(why: "closed") => void} abandon */
  constructor(abandon) {
    super();
    this._abandon = abandon;
    /** @type {Promise<Buffer>} */
    this._reply = new Promise((resolve, reject) => {
      this._resolve = resolve;
      this._reject = reject;
    });
    this._reply.catch(() => {}); // who wants to know asks finish()
    this._endWanted = false;
  }

  /** No more items will be written; what the service does with that is its own affair. */
  end() {
    if (this._writesEnded || this._endWanted) return;
    this._endWanted = true;
    this._whenDrained(() => this._sayEnd());
  }

  _sayEnd() {
    if (this._writesEnded || this._session === undefined) return;
    this._writesEnded = true;
    this._session.frame({ kind: Kind.ItemsEnd, callId: this._callId }, NOTHING);
  }

  /** @param {Session} session @param {import("./frame.js").CallId} callId @param {number} priority
   * @override */
  _begin(session, callId, priority) {
    super._begin(session, callId, priority);
    if (this._endWanted && this._going.length === 0) this._sayEnd();
  }

  /** Ends the items of this side, and is the answer. Rejects: how the call ended otherwise.
   * @returns {Promise<Buffer>} */
  finish() {
    this.end();
    return this._reply;
  }

  /** Nobody waits for it any more: the service is told. It does nothing if the call is over. */
  cancel() {
    this._abandon("closed");
  }

  /** What `break` in a `for await` does. @returns {Promise<IteratorResult<Buffer, undefined>>} */
  return() {
    this.cancel();
    this._drop();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** @param {JackfieldError | undefined} why @param {Buffer} reply */
  _over(why, reply) {
    this._endReads(why);
    this._endWrites(why ?? closed("stream"));
    if (why === undefined) this._resolve?.(reply);
    else this._reject?.(why);
  }
}
