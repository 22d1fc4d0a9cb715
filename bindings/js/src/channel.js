// Channels: to call a service, and the next instance of it when that has gone.

import { parseAddress } from "./address.js";
import { readFailure } from "./control.js";
import { dial } from "./dial.js";
import { closed, errorOf, misuse, Outcome, Reason } from "./errors.js";
import { FLAG_STREAM, FRAME_BYTES_MAX, Kind, NO_DEADLINE, typeOf } from "./frame.js";
import { EPOCH, ownName } from "./self.js";
import { NOTHING, Session } from "./session.js";
import { ClientStream } from "./stream.js";

/** @typedef {import("./errors.js").JackfieldError} JackfieldError */
/** @typedef {import("./frame.js").Header} Header */
/** @typedef {import("./pending.js").CallOptions} CallOptions */
/** @typedef {import("./pending.js").ChannelOptions} ChannelOptions */
/** @typedef {import("./pending.js").Pending} Pending */
/** @typedef {import("./pending.js").Receipt} Receipt */

const PRIORITY_DEFAULT = 2;
const CALLS_MAX = 256;             // under way at once; others wait
const TIMEOUT_MS = 5000;           // of a call that names none
const CONNECT_MS = 5000;           // for the first connection
const PAUSE_MS = 5;                // before the second attempt; before each other one twice as
const PAUSE_MS_MAX = 250;          // long, up to this
const TIMER_MS_MAX = 0x7fffffff;
const CANCEL_GIVEN_UP = 1;
const CANCEL_DEADLINE = 4;

/**
 * A client's end. It connects in the background, and again when the service is replaced: what has
 * not left by then goes to the next instance, within its deadline; what had left is InDoubt. It
 * keeps the process alive until it is closed.
 */
export class Channel {
  /** @param {string} address @param {ChannelOptions} [options] Throws: the address is wrong. */
  constructor(address, options = {}) {
    this._address = parseAddress(address, "client");
    this._options = options;
    /** What goes on over the connection of now, and over those that are being left.
     * @type {Map<number, Pending>} */
    this._calls = new Map();
    /** @type {Pending[]} */
    this._waiting = [];
    this._nextId = 1;
    /** @type {Session | undefined} */
    this._session = undefined;
    /** @type {Set<Session>} */
    this._sessions = new Set();
    this._instances = 0;
    /** @type {JackfieldError | undefined} */
    this._ended = undefined;
    /** @type {(() => void)[]} */
    this._watchers = [];
    this._receipt = { handled: 0, delivered: 0, undelivered: 0, inDoubt: 0 };
    this._pauseMs = PAUSE_MS;
    this._connectUntil = performance.now() + (options.connectMs ?? CONNECT_MS);
    this._dial();
  }

  /** The address, as it is written. */
  get address() {
    return this._address.text;
  }

  // ---- Calls.

  /**
   * The answer to a call. Rejects with a JackfieldError: what the handler chose, or how it ended
   * otherwise (Refused, Failed, InDoubt).
   * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
   * @returns {Promise<Buffer>}
   */
  call(method, data = NOTHING, options = {}) {
    return new Promise((resolve, reject) =>
      this._submit(Kind.Request, method, data, options, resolve, reject));
  }

  /**
   * One way. Resolves when it has left; what becomes of it is in the receipt of close().
   * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
   * @returns {Promise<void>}
   */
  send(method, data = NOTHING, options = {}) {
    return new Promise((resolve, reject) =>
      this._submit(Kind.OneWay, method, data, options, () => resolve(), reject));
  }

  /**
   * A call with items in both directions.
   * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
   * @returns {ClientStream}
   */
  stream(method, data = NOTHING, options = {}) {
    /** @type {Pending | undefined} */
    let pending;
    const stream = new ClientStream(() => pending && this._giveUp(pending));
    pending = this._submit(Kind.Request, method, data, { timeoutMs: Infinity, ...options },
      (reply) => stream._over(undefined, reply), (why) => stream._over(why, NOTHING), stream);
    return stream;
  }

  /** @param {number} kind @param {string | number} method @param {Uint8Array} payload
   * @param {CallOptions} options @param {(reply: Buffer) => void} resolve
   * @param {(why: JackfieldError) => void} reject @param {ClientStream} [stream]
   * @returns {Pending | undefined} */
  _submit(kind, method, payload, options, resolve, reject, stream) {
    if (!(payload instanceof Uint8Array)) {
      reject(misuse("a message is bytes, a Buffer or a Uint8Array; Schema makes them of objects"));
      return;
    }
    if (this._ended !== undefined) return reject(this._ended), undefined;
    const timeoutMs = options.timeoutMs ?? this._options.timeoutMs ?? TIMEOUT_MS;
    /** @type {Pending} */
    const pending = { kind, type: typeOf(method), payload, timeoutMs, id: 0, resolve, reject,
      deadline: performance.now() + timeoutMs, stream,
      priority: options.priority ?? PRIORITY_DEFAULT };
    if (!(timeoutMs > 0)) return this._late(pending), undefined;
    if (timeoutMs !== Infinity)
      pending.timer = setTimeout(() => this._late(pending), Math.min(timeoutMs, TIMER_MS_MAX));
    if (options.signal !== undefined && !this._listen(pending, options.signal)) return;
    if (this._waiting.length === 0 && this._mayBegin()) this._begin(pending);
    else this._waiting.push(pending);
    return pending;
  }

  /** Returns false: it has been given up already. @param {Pending} pending
   * @param {AbortSignal} signal */
  _listen(pending, signal) {
    const abort = () => this._giveUp(pending);
    if (signal.aborted) return abort(), false;
    signal.addEventListener("abort", abort, { once: true });
    pending.unlisten = () => signal.removeEventListener("abort", abort);
    return true;
  }

  _mayBegin() {
    const session = this._session;
    return session !== undefined && session.state === "open" && session.hasCredit &&
      this._calls.size < (this._options.callsMax ?? CALLS_MAX);
  }

  _pump() {
    while (this._waiting.length > 0 && this._mayBegin())
      this._begin(/** @type {Pending} */ (this._waiting.shift()));
  }

  /** @param {Pending} pending */
  _begin(pending) {
    const session = /** @type {Session} */ (this._session);
    const tooLarge = session.whyTooLarge(pending.payload);
    if (tooLarge !== undefined) return this._end(pending, tooLarge);
    const { kind, type, priority, stream } = pending;
    if (kind === Kind.OneWay) {
      session.frame({ kind, type, priority }, pending.payload);
      return this._end(pending, undefined);
    }
    const id = pending.id = this._nextId++;
    const leftUs = Math.ceil((pending.deadline - performance.now()) * 1000);
    const budgetUs = leftUs < NO_DEADLINE ? Math.max(leftUs, 1) : NO_DEADLINE;
    pending.session = session;
    this._calls.set(id, pending);
    session.frame({ kind, type, callId: id, budgetUs, priority,
      flags: stream === undefined ? 0 : FLAG_STREAM }, pending.payload);
    stream?._begin(session, id, priority);
  }

  // ---- How calls end.

  /** Exactly once. @param {Pending} pending @param {JackfieldError | undefined} why
   * @param {Buffer} [reply] */
  _end(pending, why, reply = NOTHING) {
    clearTimeout(pending.timer);
    pending.unlisten?.();
    const session = pending.session;
    if (pending.id !== 0) this._calls.delete(pending.id);
    pending.id = -1;
    if (why === undefined) pending.resolve(reply);
    else pending.reject(why);
    if (pending.stream !== undefined && why !== undefined) pending.stream._drop();
    if (session === undefined) return;
    session.maybeSayClosed();
    this._rest(session);
    if (this._waiting.length > 0) this._pump();
  }

  /** Takes it out of those that wait. Returns: had it left? @param {Pending} pending
   * @param {number} code of the Cancel */
  _withdraw(pending, code) {
    if (pending.id > 0) {
      pending.session?.frame({ kind: Kind.Cancel, callId: pending.id, code }, NOTHING);
      return true;
    }
    const at = this._waiting.indexOf(pending);
    if (at >= 0) this._waiting.splice(at, 1);
    return false;
  }

  /** Its deadline has passed. @param {Pending} pending */
  _late(pending) {
    if (pending.id < 0) return;
    const limit = `${pending.timeoutMs} ms`;
    this._end(pending, this._withdraw(pending, CANCEL_DEADLINE)
      ? errorOf(Outcome.IN_DOUBT, Reason.DEADLINE,
        `deadline: no answer from ${this.address} in time (${limit}); the call may have run`)
      : errorOf(Outcome.REFUSED, Reason.DEADLINE,
        `deadline: ${this.address} took nothing in time (${limit}); nothing was sent`));
  }

  /** @param {Pending} pending */
  _giveUp(pending) {
    if (pending.id < 0) return;
    this._end(pending, this._withdraw(pending, CANCEL_GIVEN_UP)
      ? errorOf(Outcome.IN_DOUBT, Reason.CANCELLED, "the caller gave the call up; it may have run")
      : errorOf(Outcome.REFUSED, Reason.CANCELLED, "the caller gave the call up before it left"));
  }

  /** @param {Session} session @param {Header} header @param {Buffer} payload */
  _received(session, header, payload) {
    const pending = this._calls.get(/** @type {number} */ (header.callId));
    if (pending === undefined || pending.session !== session) return true;
    const stream = pending.stream;
    switch (header.kind) {
      case Kind.Reply: {
        if (header.code === 0) return this._end(pending, undefined, payload), true;
        const { outcome, reason, text } = readFailure(payload);
        this._end(pending, errorOf(outcome, reason, text, header.code));
        return true;
      }
      case Kind.Item:
        if (stream !== undefined) return stream._deliver(payload, header.sequence);
        this._withdraw(pending, CANCEL_GIVEN_UP);
        this._end(pending, errorOf(Outcome.IN_DOUBT, Reason.CORRUPT,
          `${this.address}: an item came for a call without a stream`));
        return true;
      case Kind.StreamGrant:
        stream?._granted(header.type);
        return true;
      default:
        return true;
    }
  }

  // ---- Connections.

  _dial() {
    dial(this._address, { until: this._connectUntil }).then((socket) => this._connected(socket),
      (why) => this._noConnection(why));
  }

  /** @param {import("node:net").Socket} socket */
  _connected(socket) {
    if (this._ended !== undefined) return socket.destroy();
    let opened = false;
    const options = { side: /** @type {const} */ ("client"), epoch: EPOCH, where: this.address,
      name: this._options.name ?? ownName(), frameBytesMax: FRAME_BYTES_MAX,
      badge: this._options.badge };
    /** @type {Session} */
    const session = new Session(socket, options, {
      opened: () => {
        opened = true;
        this._opened(session);
      },
      received: (header, payload) => this._received(session, header, payload),
      credit: () => this._credit(session),
      rests: () => this._callsOf(session).length === 0,
      goodbye: () => this._goodbye(session),
      ended: (why) => opened ? this._lost(session, why) : this._noWelcome(why),
    });
  }

  /** @param {Session} session */
  _credit(session) {
    this._pump();
    for (const pending of this._calls.values())
      if (pending.session === session) pending.stream?._pump();
  }

  /** @param {Session} session */
  _callsOf(session) {
    return [...this._calls.values()].filter((pending) => pending.session === session);
  }

  /** @param {Session} session */
  _opened(session) {
    this._session = session;
    this._sessions.add(session);
    ++this._instances;
    this._pauseMs = PAUSE_MS;
    this._tellWatchers();
    this._pump();
  }

  /** The service will take no more calls; those under way go on. @param {Session} session */
  _goodbye(session) {
    if (session === this._session && session.heardClose && !session.saidClose) {
      this._session = undefined;
      this._again();
    }
    this._rest(session);
  }

  /** A connection that is left ends when nothing goes on there. @param {Session} session */
  _rest(session) {
    if (session === this._session || session.state !== "open") return;
    if (session.saidClosed || session.receipt !== undefined) session.end(closed("channel"));
  }

  /** @param {Session} session @param {JackfieldError} why */
  _lost(session, why) {
    this._sessions.delete(session);
    const { receipt } = session;
    const received = receipt?.received ?? session.acked;
    const handled = receipt?.handled ?? session.acked;
    this._receipt.handled += handled;
    this._receipt.delivered += received - handled;
    this._receipt.inDoubt += session.sent - received;
    const reason = why.reason === Reason.NONE ? Reason.PEER_DIED : why.reason;
    for (const pending of this._callsOf(session))
      this._end(pending, errorOf(Outcome.IN_DOUBT, reason, `${why.text}; the call may have run`));
    if (session !== this._session) return this._tellWatchers();
    this._session = undefined;
    if (why.reason === Reason.CORRUPT) this._endAll(why);
    else this._again();
  }

  _again() {
    if (this._ended !== undefined) return;
    if (this._options.reconnect === false)
      return this._endAll(errorOf(Outcome.FAILED, Reason.PEER_DIED, `${this.address} has gone`));
    this._connectUntil = Infinity;
    this._later();
  }

  _later() {
    this._pause = setTimeout(() => this._dial(), this._pauseMs);
    this._pauseMs = Math.min(2 * this._pauseMs, PAUSE_MS_MAX);
  }

  /** @param {JackfieldError} why */
  _noConnection(why) {
    if (this._ended !== undefined) return;
    const passing = why.reason === Reason.UNREACHABLE || why.reason === Reason.PEER_DIED;
    if (!passing || performance.now() + this._pauseMs >= this._connectUntil)
      return this._endAll(why);
    this._later();
  }

  /** There was a connection, and no session on it. @param {JackfieldError} why */
  _noWelcome(why) {
    const first = this._instances === 0;
    const passing = why.reason === Reason.PEER_DIED || why.reason === Reason.RESOURCE ||
      (why.reason === Reason.UNREACHABLE && !first);
    if (this._ended !== undefined) return;
    if (passing && performance.now() + this._pauseMs < this._connectUntil) this._later();
    else this._endAll(why);
  }

  // ---- The end.

  /** Resolves when it is connected. Rejects: why it cannot be. @returns {Promise<void>} */
  async ready() {
    while (this._session === undefined) {
      if (this._ended !== undefined) throw this._ended;
      await new Promise((resolve) => this._watchers.push(() => resolve(undefined)));
    }
  }

  _tellWatchers() {
    for (const watcher of this._watchers.splice(0)) watcher();
  }

  /** @param {JackfieldError} why */
  _endAll(why) {
    this._ended ??= why;
    clearTimeout(this._pause);
    for (const pending of this._waiting.splice(0)) {
      if (pending.kind === Kind.OneWay) ++this._receipt.undelivered;
      this._end(pending, errorOf(why.outcome === Outcome.REFUSED ? Outcome.REFUSED : Outcome.FAILED,
        why.reason, why.text, why.code));
    }
    this._tellWatchers();
  }

  /**
   * Says goodbye, and waits until the service has handled all, at most so long.
   * @param {number} [graceMs] @returns {Promise<Receipt>}
   */
  async close(graceMs = 2000) {
    if (this._ended === undefined) this._endAll(closed("channel"));
    for (const session of this._sessions) session.sayClose();
    this._session = undefined;
    const until = performance.now() + graceMs;
    while (this._sessions.size > 0 && performance.now() < until) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, until - performance.now());
        this._watchers.push(() => (clearTimeout(timer), resolve(undefined)));
        for (const session of this._sessions) this._rest(session);
      });
    }
    for (const session of this._sessions) session.end(closed("channel"));
    return { ...this._receipt };
  }
}
