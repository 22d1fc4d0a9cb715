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
    /** @type {Session | undefined} */
    _session: Session | undefined;
    /** @type {import("./frame.js").CallId} */
    _callId: import("./frame.js").CallId;
    /** @type {Come[]} */
    _come: Come[];
    _itemsGot: number;
    _itemsRead: number;
    _told: number;
    /** @type {((item: IteratorResult<Buffer, undefined>) => void)[]} */
    _readers: ((item: IteratorResult<Buffer, undefined>) => void)[];
    /** @type {((why: JackfieldError) => void)[]} */
    _readersFail: ((why: JackfieldError) => void)[];
    _readsEnded: boolean;
    /** @type {JackfieldError | undefined} */
    _why: JackfieldError | undefined;
    /** @type {Going[]} */
    _going: Going[];
    _itemsSent: number;
    _mayTotal: number;
    _writesEnded: boolean;
    _priority: number;
    /** Called when nothing waits to leave any more. @type {(() => void) | undefined} */
    _drained: (() => void) | undefined;
    /** The next item, or undefined: no more will come. Throws JackfieldError: why they ended.
     * @returns {Promise<Buffer | undefined>} */
    read(): Promise<Buffer | undefined>;
    /** @returns {Promise<IteratorResult<Buffer, undefined>>} */
    next(): Promise<IteratorResult<Buffer, undefined>>;
    /** @param {number} sequence */
    _handled(sequence: number): void;
    /** An item has come. Returns: is it handled? @param {Buffer} payload @param {number} sequence */
    _deliver(payload: Buffer, sequence: number): boolean;
    /** No more items will come. @param {JackfieldError} [why] it is no good end */
    _endReads(why?: import("./errors.js").JackfieldError | undefined): void;
    /** Nobody will read what has come. */
    _drop(): void;
    /**
     * Sends an item; resolves when there was room for it and it has left. Rejects: the call is over.
     * @param {Uint8Array} data @returns {Promise<void>}
     */
    write(data: Uint8Array): Promise<void>;
    _mayWrite(): boolean;
    /** @param {Uint8Array} data */
    _writeNow(data: Uint8Array): void;
    /** What waits leaves, as far as there is room. */
    _pump(): void;
    /** Calls f when nothing waits to leave. @param {() => void} f */
    _whenDrained(f: () => void): void;
    /** @param {number} total */
    _granted(total: number): void;
    /** @param {JackfieldError} why */
    _endWrites(why: JackfieldError): void;
    /** It has left. @param {Session} session @param {import("./frame.js").CallId} callId
     * @param {number} priority */
    _begin(session: Session, callId: import("./frame.js").CallId, priority: number): void;
    [Symbol.asyncIterator](): this;
}
/** A stream at its caller. */
export class ClientStream extends ItemStream {
    /** @param {(why: "closed") => void} abandon */
    constructor(abandon: (why: "closed") => void);
    _abandon: (why: "closed") => void;
    /** @type {Promise<Buffer>} */
    _reply: Promise<Buffer>;
    _resolve: (value: Buffer | PromiseLike<Buffer>) => void;
    _reject: (reason?: any) => void;
    _endWanted: boolean;
    /** No more items will be written; what the service does with that is its own affair. */
    end(): void;
    _sayEnd(): void;
    /** Ends the items of this side, and is the answer. Rejects: how the call ended otherwise.
     * @returns {Promise<Buffer>} */
    finish(): Promise<Buffer>;
    /** Nobody waits for it any more: the service is told. It does nothing if the call is over. */
    cancel(): void;
    /** What `break` in a `for await` does. @returns {Promise<IteratorResult<Buffer, undefined>>} */
    return(): Promise<IteratorResult<Buffer, undefined>>;
    /** @param {JackfieldError | undefined} why @param {Buffer} reply */
    _over(why: JackfieldError | undefined, reply: Buffer): void;
}
export type JackfieldError = import("./errors.js").JackfieldError;
export type Session = import("./session.js").Session;
/**
 * One item that has come, or one that waits to leave.
 */
export type Come = {
    payload: Buffer;
    sequence: number;
};
/**
 * One item that has come, or one that waits to leave.
 */
export type Going = {
    payload: Uint8Array;
    done: () => void;
    failed: (why: JackfieldError) => void;
};
