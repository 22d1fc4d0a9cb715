// What lives above a connection, between one instance here and one there: hello, sequence,
// acknowledgements, credit, the receipt at close (docs/WIRE.md "A session"). The same for both
// ends; calls (channel.js, port.js) stand on it.
//
// What comes is believed nowhere: bytes that are no frame, a gap, credit that was not given end the
// session with DATA_LOSS, and the connection with it. No event of a socket throws.

import * as control from "./control.js";
import { errorOf, Outcome, Reason } from "./errors.js";
import * as wire from "./frame.js";
import { Kind } from "./frame.js";
import { Framing } from "./framing.js";

/** @typedef {import("./errors.js").JackfieldError} JackfieldError */

export const WINDOW_UNITS = 2048;     // credit given to the peer
export const STREAM_ITEMS = 64;       // unread items of one stream before its sender waits
const HELLO_MS = 2000;                // until the peer must have said hello
const ACK_MS = 5;                     // until what was handled is told, if no frame tells it before
const WINDOW_UNITS_MAX = 1 << 20;
const SMALL_BYTES = 16 << 10;         // payloads up to this size are copied out of what was read
/**
 * @typedef {object} SessionOptions
 * @property {"client" | "server"} side
 * @property {string} name of this end, for people
 * @property {string} where the address, for sentences
 * @property {bigint} epoch
 * @property {number} frameBytesMax
 * @property {string} [badge]
 */

/**
 * Whose session it is.
 * @typedef {object} SessionUser
 * @property {(session: Session) => string | void} [admit] at a server, about a hello; a sentence:
 *   it is refused (PERMISSION_DENIED)
 * @property {() => void} opened
 * @property {(header: wire.Header, payload: Buffer) => boolean} received returns: is it handled?
 *   Otherwise `session.handled(header.sequence)` comes later.
 * @property {() => void} credit more may be sent
 * @property {() => boolean} rests have the calls of it ended, so that a Closed may be said?
 * @property {() => void} goodbye the peer has said Close
 * @property {(why: JackfieldError) => void} ended once
 */

export class Session {
  /**
   * @param {import("node:net").Socket} socket connected @param {SessionOptions} options
   * @param {SessionUser} user
   */
  constructor(socket, options, user) {
    this.socket = socket;
    this.options = options;
    this.user = user;
    /** @type {"hello" | "open" | "ended"} */
    this.state = "hello";
    this.peerEpoch = 0n;
    this.peerName = "";
    this.peerBadge = "";
    this.peerStreamItems = 0;
    this.frameBytesMax = options.frameBytesMax;
    // Sent: sequence, units, and how many units the peer has granted.
    this.sent = 0;
    this.acked = 0;
    this.sentUnits = 0;
    this.grant = 0;
    this.peerWindow = 0;
    // Received, and told to the peer.
    this.got = 0;
    this.gotUnits = 0;
    this.handledUnits = 0;
    this.handledCount = 0;
    this.toldAck = 0;
    this.toldGrant = WINDOW_UNITS;
    /** Units of what came and is not handled yet, in order. @type {Map<number, number>} */
    this.unhandled = new Map();
    this.saidClose = false;
    this.heardClose = false;
    this.saidClosed = false;
    /** What the peer said at the end. @type {{ handled: number, received: number } | undefined} */
    this.receipt = undefined;
    /** @type {NodeJS.Timeout | undefined} */
    this.ackTimer = undefined;
    this.onAck = () => this.ackIsDue();

    this.helloTimer = setTimeout(() => this.silent(), HELLO_MS);
    socket.on("error", (why) => this.lost(/** @type {NodeJS.ErrnoException} */ (why).code));
    socket.on("close", () => this.lost());
    this.framing = new Framing((from, at) => this.check(from, at),
      (frame, owned) => this.take(frame, owned));
    socket.on("data", (chunk) => this.framing.read(chunk));
    if (options.side === "client")
      this.frame({ kind: Kind.Hello }, control.buildHello(this.greeting()));
  }

  greeting() {
    const { name, epoch, badge, frameBytesMax } = this.options;
    return { name, epoch, badge, frameBytesMax, windowUnits: WINDOW_UNITS,
      streamItems: STREAM_ITEMS };
  }

  // ---- Sending.

  get payloadBytesMax() {
    return this.frameBytesMax - wire.HEADER_BYTES;
  }

  /** May a call or a one-way message begin now? */
  get hasCredit() {
    return ((this.grant - this.sentUnits) | 0) > 0;
  }

  /** May an item? */
  get hasItemCredit() {
    return ((this.grant - this.sentUnits) | 0) > this.peerWindow >>> 3;
  }

  /** Sends a frame. Requires: the state is open; a kind that costs credit has it. Returns: its
   * sequence, or 0.
   * @param {wire.Outgoing} out @param {Uint8Array} payload @returns {number} */
  frame(out, payload) {
    if (this.state === "ended") return 0;
    const bytes = wire.HEADER_BYTES + payload.length;
    const frame = Buffer.allocUnsafe(wire.filled(bytes));
    let sequence = 0;
    if (wire.isSequenced(out.kind)) {
      sequence = this.sent = (this.sent + 1) >>> 0;
      if (wire.costsCredit(out.kind)) this.sentUnits = (this.sentUnits + wire.unitsOf(bytes)) >>> 0;
    }
    this.toldAck = this.handledUpTo();
    this.toldGrant = (this.handledUnits + WINDOW_UNITS) >>> 0;
    const epoch = out.kind === Kind.Refuse ? 0n : this.peerEpoch;
    wire.writeHeader(frame, bytes, out, epoch, sequence, this.toldAck, this.toldGrant);
    frame.set(payload, wire.HEADER_BYTES);
    if (bytes < frame.length) frame.fill(0, bytes);
    this.socket.write(frame);
    return sequence;
  }

  // ---- Acknowledging.

  handledUpTo() {
    for (const first of this.unhandled.keys()) return (first - 1) >>> 0;
    return this.got;
  }

  /** What came with that sequence is handled. @param {number} sequence */
  handled(sequence) {
    const units = this.unhandled.get(sequence);
    if (units === undefined) return;
    this.unhandled.delete(sequence);
    this.countHandled(units);
    this.maybeSayClosed();
  }

  /** @param {number} units */
  countHandled(units) {
    this.handledUnits = (this.handledUnits + units) >>> 0;
    ++this.handledCount;
    const untold = (this.handledUnits + WINDOW_UNITS - this.toldGrant) >>> 0;
    if (untold >= WINDOW_UNITS / 4) this.sayAck();
    else this.ackTimer ??= setTimeout(this.onAck, ACK_MS);
  }

  ackIsDue() {
    this.ackTimer = undefined;
    const untold = (this.handledUnits + WINDOW_UNITS - this.toldGrant) >>> 0;
    if (this.toldAck !== this.handledUpTo() || untold > 0) this.sayAck();
  }

  sayAck() {
    if (this.state === "open") this.frame({ kind: Kind.Ack }, NOTHING);
  }

  // ---- The end.

  /** No call will be begun any more; a receipt is wanted. */
  sayClose() {
    if (this.state !== "open" || this.saidClose) return;
    this.saidClose = true;
    this.frame({ kind: Kind.Close }, NOTHING);
  }

  maybeSayClosed() {
    if (!this.heardClose || this.saidClosed || this.state !== "open") return;
    if (this.unhandled.size > 0 || !this.user.rests()) return;
    this.saidClosed = true;
    this.frame({ kind: Kind.Closed }, control.buildReceipt(this.handledCount, this.got));
  }

  /** Ends it; the connection goes when what was sent has left. @param {JackfieldError} why */
  end(why) {
    if (this.state === "ended") return;
    this.state = "ended";
    clearTimeout(this.helloTimer);
    clearTimeout(this.ackTimer);
    this.framing.stop();
    this.socket.destroySoon();
    this.user.ended(why);
  }

  /** @param {number} reason @param {string} text */
  refuse(reason, text) {
    this.frame({ kind: Kind.Refuse }, control.buildRefuse(reason, text));
    this.end(errorOf(Outcome.REFUSED, reason, text));
  }

  /** @param {string} what */
  corrupt(what) {
    this.end(errorOf(Outcome.FAILED, Reason.CORRUPT,
      `${this.options.where}: ${what}; the connection was ended`));
  }

  /** @param {string} [code] */
  lost(code) {
    this.end(errorOf(Outcome.FAILED, Reason.PEER_DIED,
      `${this.options.where} has gone${code === undefined ? "" : ` (${code})`}`));
  }

  silent() {
    const why = `${this.options.where}: no hello within ${HELLO_MS / 1000} s`;
    this.end(errorOf(Outcome.FAILED, Reason.UNREACHABLE, why));
  }

  // ---- Receiving.

  /** The length of the frame that begins there; less than 0: the session has ended.
   * @param {Buffer} from @param {number} at */
  check(from, at) {
    if (from[at] !== wire.MAGIC) return this.corrupt("what came is no frame"), -1;
    const kind = /** @type {number} */ (from[at + 2]);
    if (from[at + 1] !== wire.VERSION) return this.otherVersion(from[at + 1]), -1;
    if (this.peerEpoch === 0n && (kind === 0x40 || (kind >= 0x21 && kind <= 0x27)))
      return this.otherStack(kind), -1;
    const bytes = from.readUInt32LE(at + 4);
    const extension = 8 * /** @type {number} */ (from[at + 9]);
    const sound = kind >= Kind.Hello && kind <= Kind.Closed && from[at + 11] === 0 &&
      /** @type {number} */ (from[at + 3]) <= wire.FLAG_STREAM &&
      /** @type {number} */ (from[at + 8]) <= 3 && /** @type {number} */ (from[at + 10]) <= 16;
    if (!sound || bytes < wire.HEADER_BYTES + extension)
      return this.corrupt("a frame's header cannot be right"), -1;
    if (bytes > this.frameBytesMax)
      return this.corrupt(`a frame of ${bytes} bytes, and ${this.frameBytesMax} are the most`), -1;
    return bytes;
  }

  /** @param {number | undefined} version */
  otherVersion(version) {
    const end = this.options.side === "client" ? "client" : "service";
    this.refuse(Reason.VERSION,
      `version: this ${end} speaks ${wire.VERSION}, the other end ${version}`);
  }

  /** @param {number} kind */
  otherStack(kind) {
    this.refuse(Reason.VERSION, `${this.options.name} speaks without shims, and the other end ` +
      `with ${kind === 0x40 ? "fragment+" : "reliable+"}; both addresses must have the same`);
  }

  /** @param {Buffer} frame @param {boolean} owned nobody else writes to its memory */
  take(frame, owned) {
    const header = wire.readHeader(frame);
    const begin = wire.HEADER_BYTES + 8 * /** @type {number} */ (frame[9]);
    let payload = frame.subarray(begin);
    if (!owned && payload.length <= SMALL_BYTES) payload = Buffer.from(payload);
    if (header.kind === Kind.Refuse) return this.refused(payload);
    if (this.state === "hello") return this.greeted(header, payload);
    if (frame.readBigUInt64LE(24) !== this.options.epoch) return; // of another instance: dropped
    if (begin > wire.HEADER_BYTES &&
      !wire.extensionIsSound(frame.subarray(wire.HEADER_BYTES, begin)))
      return this.corrupt("an extension that must be understood, and is not");
    if (this.hear(frame)) this.dispatch(header, payload);
  }

  /** Acknowledgement and credit. Returns false: the session has ended. @param {Buffer} frame */
  hear(frame) {
    const ack = frame.readUInt32LE(36);
    const grant = frame.readUInt32LE(44);
    if (((ack - this.sent) | 0) > 0) return this.corrupt("an acknowledgement of what was not sent");
    if (((grant - this.sentUnits) | 0) > WINDOW_UNITS_MAX)
      return this.corrupt("more credit than there can be");
    if (((ack - this.acked) | 0) > 0) this.acked = ack;
    if (((grant - this.grant) | 0) > 0) {
      this.grant = grant;
      this.user.credit();
    }
    return this.state === "open";
  }

  /** @param {wire.Header} header @param {Buffer} payload */
  dispatch(header, payload) {
    if (wire.isSequenced(header.kind)) return this.sequenced(header, payload);
    switch (header.kind) {
      case Kind.Ack:
        return;
      case Kind.Close:
        if (this.heardClose) return this.corrupt("a second Close");
        this.heardClose = true;
        this.user.goodbye();
        return this.maybeSayClosed();
      case Kind.Closed:
        return this.closedBy(payload);
      case Kind.Cancel:
      case Kind.StreamGrant:
        this.user.received(header, payload);
        return;
      default:
        return this.corrupt("a second hello");
    }
  }

  /** @param {wire.Header} header @param {Buffer} payload */
  sequenced(header, payload) {
    if (header.sequence !== ((this.got + 1) >>> 0)) return this.corrupt("a gap in the sequence");
    let units = 0;
    if (wire.costsCredit(header.kind)) {
      if (((this.toldGrant - this.gotUnits) | 0) <= 0)
        return this.corrupt("a frame without credit");
      units = wire.unitsOf(header.frameBytes);
      this.gotUnits = (this.gotUnits + units) >>> 0;
    }
    this.got = header.sequence;
    if (this.heardClose && (header.kind === Kind.Request || header.kind === Kind.OneWay))
      return this.corrupt("a call after its Close");
    this.unhandled.set(header.sequence, units);
    if (this.user.received(header, payload)) this.handled(header.sequence);
  }

  /** @param {Buffer} payload */
  closedBy(payload) {
    if (!this.saidClose) return this.corrupt("a receipt that nobody asked for");
    try {
      this.receipt = control.readReceipt(payload);
    } catch {
      return this.corrupt("a receipt that cannot be read");
    }
    if (this.receipt.received > this.sent) return this.corrupt("a receipt of more than was sent");
    this.user.goodbye();
  }

  /** @param {Buffer} payload */
  refused(payload) {
    const { reason, text } = control.readRefuse(payload);
    const outcome = this.state === "open" ? Outcome.FAILED : Outcome.REFUSED;
    this.end(errorOf(outcome, reason,
      text || `${this.options.where} refuses, and does not say why`));
  }

  /** The first frame. @param {wire.Header} header @param {Buffer} payload */
  greeted(header, payload) {
    const client = this.options.side === "client";
    if (header.kind !== (client ? Kind.Welcome : Kind.Hello))
      return this.corrupt("the first frame is no greeting");
    try {
      if (client) this.open(control.readWelcome(payload));
      else this.answer(control.readHello(payload));
    } catch (why) {
      if (!(why instanceof RangeError)) throw why;
      this.corrupt("a greeting that cannot be read");
    }
  }

  /** @param {ReturnType<typeof control.readHello>} hello */
  answer(hello) {
    if (hello.versionMin > wire.VERSION || hello.versionMax < wire.VERSION) {
      return this.refuse(Reason.VERSION, `version: this service speaks ${wire.VERSION}, its ` +
        `client ${hello.versionMin}..${hello.versionMax}`);
    }
    this.peerName = hello.name;
    this.peerBadge = hello.badge;
    const why = this.user.admit?.(this);
    if (why !== undefined) return this.refuse(Reason.PERMISSION, why);
    this.peerEpoch = hello.epoch;
    this.frame({ kind: Kind.Welcome }, control.buildWelcome(this.greeting()));
    this.open(hello);
  }

  /** @param {control.Greeting} greeting */
  open(greeting) {
    if (greeting.epoch === 0n) return this.corrupt("a greeting that cannot be read");
    this.peerEpoch = greeting.epoch;
    this.peerName = greeting.name;
    this.frameBytesMax = Math.min(this.frameBytesMax,
      Math.max(greeting.frameBytesMax, wire.FRAME_BYTES_LEAST));
    this.peerWindow = Math.min(greeting.windowUnits, WINDOW_UNITS_MAX);
    this.grant = this.peerWindow;
    this.peerStreamItems = greeting.streamItems;
    this.state = "open";
    clearTimeout(this.helloTimer);
    this.user.opened();
  }

  /** A message does not fit. @param {Uint8Array} payload @returns {JackfieldError | undefined} */
  whyTooLarge(payload) {
    if (payload.length <= this.payloadBytesMax) return undefined;
    return errorOf(Outcome.REFUSED, Reason.TOO_LARGE, `the message of ${payload.length} bytes is ` +
      `larger than the ${this.payloadBytesMax} that ${this.options.where} carries`);
  }
}

export const NOTHING = Buffer.alloc(0);
