// Ports: to serve.

import { parseAddress } from "./address.js";
import { buildRefuse } from "./control.js";
import { admitsUser, listen } from "./dial.js";
import { Code, closed, errorOf, misuse, Outcome, Reason } from "./errors.js";
import { filled, FRAME_BYTES_MAX, HEADER_BYTES, Kind, NO_DEADLINE, typeOf, writeHeader }
  from "./frame.js";
import { Request } from "./request.js";
import { EPOCH, ownName } from "./self.js";
import { Session } from "./session.js";
import { interfaceOf, SYSTEM, systemHandlers } from "./system.js";

/** @typedef {import("./errors.js").JackfieldError} JackfieldError */
/** @typedef {import("./frame.js").Header} Header */

const HANDLERS_MAX = 1024;
const SESSIONS_MAX = 16384;
const QUIET_MS = 100;     // asked to stop, it has heard all that was on its way after so long

/**
 * The answer, bytes, or a promise of it; of a one-way message: nothing.
 * @typedef {(request: Request) => Uint8Array | void | Promise<Uint8Array | void>} Handler
 */

/**
 * @typedef {object} PortOptions
 * @property {string} [name] of this end, for people
 * @property {number} [handlersMax] requests under way at once; others wait unread (1,024)
 * @property {number} [sessionsMax] clients (16,384)
 * @property {import("./gate.js").Gate} [gate] says who may call
 * @property {(text: string) => void} [log] one line for each thing that a person should know:
 *   console.error if not said
 */

/** What is known of one client. */
class Seat {
  /** @param {Session} session @param {import("./doors.js").Credentials | undefined} credentials */
  constructor(session, credentials) {
    this.session = session;
    /** @type {import("./request.js").Peer} */
    this.peer = { name: "", caller: "", ...credentials };
    /** @type {Map<import("./frame.js").CallId, Request>} */
    this.calls = new Map();
  }
}

/** A service's end. */
export class Port {
  /** @param {PortOptions} options */
  constructor(options) {
    this._options = options;
    this._name = options.name ?? ownName();
    /** @type {Map<number, { method: string | number, handler: Handler }>} */
    this._handlers = new Map();
    /** @type {Map<string, Buffer>} */
    this._schemas = new Map();
    /** @type {Set<Seat>} */
    this._seats = new Set();
    /** @type {import("./dial.js").Listener[]} */
    this._listeners = [];
    /** Came, and wait for a handler to end. @type {{ seat: Seat, request: Request }[]} */
    this._inbox = [];
    this._underWay = 0;
    this._closing = false;
    this._heard = 0;
    /** @type {(() => void)[]} */
    this._watchers = [];
  }

  /** Where it serves, as clients write it. @returns {string[]} */
  get addresses() {
    return this._listeners.map((listener) => listener.address);
  }

  /**
   * Serves one more method. Throws: it has a handler already.
   * @param {string | number} method "package.Service/Method", or a number @param {Handler} handler
   */
  handle(method, handler) {
    const type = typeOf(method);
    const taken = this._handlers.get(type);
    if (taken !== undefined) throw misuse(`${taken.method} has a handler already`);
    this._handlers.set(type, { method, handler });
  }

  /**
   * Tells who asks what an interface's messages are: `jackfield ls`, `jackfield call`.
   * @param {string} name "greet.Greeter" @param {Buffer} bfbs a binary schema
   */
  schema(name, bfbs) {
    if (this._schemas.size === 0) {
      const handlers = systemHandlers(this._name, this._schemas,
        (of) => this._methodsOf(of));
      for (const [method, handler] of Object.entries(handlers)) this.handle(method, handler);
      this._schemas.set(SYSTEM.name, SYSTEM.bfbs);
    }
    this._schemas.set(name, bfbs);
  }

  /** @param {string} name */
  _methodsOf(name) {
    return [...this._handlers.values()].map((entry) => String(entry.method))
      .filter((method) => interfaceOf(method) === name);
  }

  /** @param {string} address @returns {Promise<void>} */
  async _listen(address) {
    const parsed = parseAddress(address, "server");
    this._listeners.push(await listen(parsed, (socket, peer) => this._come(socket, peer, parsed),
      (why) => this._log(why)));
  }

  /** @param {string} text */
  _log(text) {
    (this._options.log ?? console.error)(`${this._name}: ${text}`);
  }

  // ---- Clients.

  /** @param {import("node:net").Socket} socket
   * @param {import("./doors.js").Credentials | undefined} credentials
   * @param {import("./address.js").Address} address */
  _come(socket, credentials, address) {
    socket.on("error", () => {}); // it hung up: what follows is told by the session
    if (this._closing) return socket.destroy();
    if (!admitsUser(address, credentials)) {
      return refuseBare(socket, Reason.PERMISSION, `${this._name} at ${address.text} is for its ` +
        `own user, not for uid ${credentials?.uid}; ?uid=any of its address allows others`);
    }
    const max = this._options.sessionsMax ?? SESSIONS_MAX;
    if (this._seats.size >= max)
      return refuseBare(socket, Reason.RESOURCE, `${this._name} has its ${max} clients; try later`);
    const options = { side: /** @type {const} */ ("server"), epoch: EPOCH, name: this._name,
      where: address.text, frameBytesMax: FRAME_BYTES_MAX };
    /** @type {Seat} */
    let seat;
    const session = new Session(socket, options, {
      admit: () => this._admit(seat),
      opened: () => this._closing && session.sayClose(),
      received: (header, payload) => this._received(seat, header, payload),
      credit: () => seat.calls.forEach((request) => request._stream?._pump()),
      rests: () => [...seat.calls.values()].every((request) => request.isStream),
      goodbye: () => this._tellWatchers(),
      ended: (why) => this._ended(seat, why),
    });
    seat = new Seat(session, credentials);
    this._seats.add(seat);
  }

  /** @param {Seat} seat */
  _admit(seat) {
    seat.peer.name = seat.session.peerName;
    const gate = this._options.gate;
    if (gate === undefined) return undefined;
    const { caller, refusal } = gate.admit(seat.peer, seat.session.peerBadge);
    seat.peer.caller = caller;
    if (refusal !== undefined) this._log(refusal);
    return refusal;
  }

  /** @param {Seat} seat @param {JackfieldError} why */
  _ended(seat, why) {
    this._seats.delete(seat);
    const gone = errorOf(Outcome.FAILED, Reason.PEER_DIED, `the caller has gone: ${why.text}`);
    for (const request of seat.calls.values()) request._cancel(gone);
    seat.calls.clear();
    this._inbox = this._inbox.filter((waiting) => waiting.seat !== seat);
    this._tellWatchers();
  }

  // ---- From a frame to a handler.

  /** @param {Seat} seat @param {Header} header @param {Buffer} payload */
  _received(seat, header, payload) {
    this._heard = performance.now();
    if (header.kind === Kind.Request || header.kind === Kind.OneWay)
      return this._message(seat, header, payload);
    const request = seat.calls.get(header.callId);
    if (request === undefined) return true;
    switch (header.kind) {
      case Kind.Item:
        return request._stream?._deliver(payload, header.sequence) ?? true;
      case Kind.ItemsEnd:
        request._stream?._endReads();
        return true;
      case Kind.StreamGrant:
        request._stream?._granted(header.type);
        return true;
      case Kind.Cancel:
        request._cancel(errorOf(Outcome.FAILED, Reason.CANCELLED, "the caller gave the call up"));
        return true;
      default:
        return true;
    }
  }

  /** @param {Seat} seat @param {Header} header @param {Buffer} payload */
  _message(seat, header, payload) {
    const entry = this._handlers.get(header.type);
    const request = new Request(seat.session, header, payload, entry?.method ?? header.type,
      seat.peer);
    const call = header.kind === Kind.Request;
    if (call && seat.calls.has(header.callId)) {
      seat.session.corrupt("a second call of one id");
      return true;
    }
    if (entry === undefined) {
      if (call) request._refuse(Code.UNIMPLEMENTED, Outcome.REFUSED, Reason.UNKNOWN_METHOD,
        this._noMethod(header.type));
      request._end();
      return true;
    }
    const whyNot = this._options.gate?.whyNot(seat.peer, String(entry.method));
    if (whyNot !== undefined) {
      if (call)
        request._refuse(Code.PERMISSION_DENIED, Outcome.REFUSED, Reason.PERMISSION, whyNot);
      request._end();
      return true;
    }
    if (call) seat.calls.set(header.callId, request);
    if (this._underWay >= (this._options.handlersMax ?? HANDLERS_MAX)) {
      this._inbox.push({ seat, request });
      return false;
    }
    this._run(seat, request, entry.handler);
    return call;
  }

  /** @param {number} type */
  _noMethod(type) {
    const methods = [...this._handlers.values()].map((entry) => entry.method);
    return `${this._name} has no method of the number ${type}; it has ${methods.join(", ")}`;
  }

  /** @param {Seat} seat @param {Request} request @param {Handler} handler */
  _run(seat, request, handler) {
    ++this._underWay;
    const then = () => this._finish(seat, request);
    let answer;
    try {
      answer = handler(request);
    } catch (why) {
      return request._fail(why, then);
    }
    if (answer instanceof Promise) {
      answer.then((bytes) => request._settle(bytes, then), (why) => request._fail(why, then));
    } else {
      request._settle(answer, then);
    }
  }

  /** @param {Seat} seat @param {Request} request */
  _finish(seat, request) {
    if (request._over) return;
    --this._underWay;
    request._end();
    const { callId, sequence } = request._header;
    if (seat.calls.get(callId) === request) seat.calls.delete(callId);
    seat.session.handled(sequence);
    seat.session.maybeSayClosed();
    const next = this._inbox.shift();
    if (next !== undefined) this._runLater(next.seat, next.request);
    if (this._watchers.length > 0) this._tellWatchers();
  }

  /** One that has waited. @param {Seat} seat @param {Request} request */
  _runLater(seat, request) {
    const entry = this._handlers.get(request._header.type);
    if (!request.oneWay) seat.session.handled(request._header.sequence);
    if (entry !== undefined && !request.cancelled) return this._run(seat, request, entry.handler);
    ++this._underWay;
    this._finish(seat, request);
  }

  // ---- The end.

  _tellWatchers() {
    for (const watcher of this._watchers.splice(0)) watcher();
  }

  get _atRest() {
    return this._underWay === 0 && this._inbox.length === 0;
  }

  /**
   * Takes no new clients and no new calls, and handles what has come, at most so long.
   * @param {number} [graceMs] @returns {Promise<void>}
   */
  async close(graceMs = 2000) {
    this._closing = true;
    for (const listener of this._listeners) listener.close();
    for (const seat of this._seats) {
      if (seat.session.state === "hello") seat.session.end(closed("port"));
      else seat.session.sayClose();
    }
    const until = this._heard = performance.now();
    const done = () => this._atRest && [...this._seats].every((seat) =>
      seat.session.receipt !== undefined || performance.now() - this._heard >= QUIET_MS);
    while (!done() && performance.now() - until < graceMs) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, QUIET_MS / 4);
        this._watchers.push(() => (clearTimeout(timer), resolve(undefined)));
      });
    }
    const lost = this._inbox.filter(({ request }) => request.oneWay).length;
    if (lost > 0) this._log(`${lost} messages had come and were not handled`);
    for (const seat of this._seats) seat.session.end(closed("port"));
  }
}

/** Tells a client that is not let in why. @param {import("node:net").Socket} socket
 * @param {number} reason @param {string} text */
function refuseBare(socket, reason, text) {
  const payload = buildRefuse(reason, text);
  const bytes = HEADER_BYTES + payload.length;
  const frame = Buffer.alloc(filled(bytes));
  writeHeader(frame, bytes, { kind: Kind.Refuse, budgetUs: NO_DEADLINE }, 0n, 0, 0, 0);
  frame.set(payload, HEADER_BYTES);
  socket.end(frame);
  socket.resume();
}

/**
 * Serves at one address or several. Rejects: one of them cannot be served.
 * @param {string | string[]} addresses @param {Record<string, Handler>} [handlers]
 * @param {PortOptions} [options] @returns {Promise<Port>}
 */
export async function serve(addresses, handlers = {}, options = {}) {
  const port = new Port(options);
  for (const [method, handler] of Object.entries(handlers)) port.handle(method, handler);
  try {
    for (const address of [addresses].flat()) await port._listen(address);
  } catch (why) {
    await port.close(0);
    throw why;
  }
  return port;
}
