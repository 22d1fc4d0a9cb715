/** @typedef {import("./errors.js").JackfieldError} JackfieldError */
export const WINDOW_UNITS: 2048;
export const STREAM_ITEMS: 64;
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
    constructor(socket: import("node:net").Socket, options: SessionOptions, user: SessionUser);
    socket: import("net").Socket;
    options: SessionOptions;
    user: SessionUser;
    /** @type {"hello" | "open" | "ended"} */
    state: "hello" | "open" | "ended";
    peerEpoch: bigint;
    peerName: string;
    peerBadge: string;
    peerStreamItems: number;
    frameBytesMax: number;
    sent: number;
    acked: number;
    sentUnits: number;
    grant: number;
    peerWindow: number;
    got: number;
    gotUnits: number;
    handledUnits: number;
    handledCount: number;
    toldAck: number;
    toldGrant: number;
    /** Units of what came and is not handled yet, in order. @type {Map<number, number>} */
    unhandled: Map<number, number>;
    saidClose: boolean;
    heardClose: boolean;
    saidClosed: boolean;
    /** What the peer said at the end. @type {{ handled: number, received: number } | undefined} */
    receipt: {
        handled: number;
        received: number;
    } | undefined;
    /** @type {NodeJS.Timeout | undefined} */
    ackTimer: NodeJS.Timeout | undefined;
    onAck: () => void;
    helloTimer: NodeJS.Timeout;
    framing: Framing;
    greeting(): {
        name: string;
        epoch: bigint;
        badge: string | undefined;
        frameBytesMax: number;
        windowUnits: number;
        streamItems: number;
    };
    get payloadBytesMax(): number;
    /** May a call or a one-way message begin now? */
    get hasCredit(): boolean;
    /** May an item? */
    get hasItemCredit(): boolean;
    /** Sends a frame. Requires: the state is open; a kind that costs credit has it. Returns: its
     * sequence, or 0.
     * @param {wire.Outgoing} out @param {Uint8Array} payload @returns {number} */
    frame(out: wire.Outgoing, payload: Uint8Array): number;
    handledUpTo(): number;
    /** What came with that sequence is handled. @param {number} sequence */
    handled(sequence: number): void;
    /** @param {number} units */
    countHandled(units: number): void;
    ackIsDue(): void;
    sayAck(): void;
    /** No call will be begun any more; a receipt is wanted. */
    sayClose(): void;
    maybeSayClosed(): void;
    /** Ends it; the connection goes when what was sent has left. @param {JackfieldError} why */
    end(why: JackfieldError): void;
    /** @param {number} reason @param {string} text */
    refuse(reason: number, text: string): void;
    /** @param {string} what */
    corrupt(what: string): void;
    /** @param {string} [code] */
    lost(code?: string | undefined): void;
    silent(): void;
    /** The length of the frame that begins there; less than 0: the session has ended.
     * @param {Buffer} from @param {number} at */
    check(from: Buffer, at: number): number;
    /** @param {number | undefined} version */
    otherVersion(version: number | undefined): void;
    /** @param {number} kind */
    otherStack(kind: number): void;
    /** @param {Buffer} frame @param {boolean} owned nobody else writes to its memory */
    take(frame: Buffer, owned: boolean): void;
    /** Acknowledgement and credit. Returns false: the session has ended. @param {Buffer} frame */
    hear(frame: Buffer): boolean | void;
    /** @param {wire.Header} header @param {Buffer} payload */
    dispatch(header: wire.Header, payload: Buffer): void;
    /** @param {wire.Header} header @param {Buffer} payload */
    sequenced(header: wire.Header, payload: Buffer): void;
    /** @param {Buffer} payload */
    closedBy(payload: Buffer): void;
    /** @param {Buffer} payload */
    refused(payload: Buffer): void;
    /** The first frame. @param {wire.Header} header @param {Buffer} payload */
    greeted(header: wire.Header, payload: Buffer): void;
    /** @param {ReturnType<typeof control.readHello>} hello */
    answer(hello: ReturnType<typeof control.readHello>): void;
    /** @param {control.Greeting} greeting */
    open(greeting: control.Greeting): void;
    /** A message does not fit. @param {Uint8Array} payload @returns {JackfieldError | undefined} */
    whyTooLarge(payload: Uint8Array): JackfieldError | undefined;
}
export const NOTHING: Buffer;
export type JackfieldError = import("./errors.js").JackfieldError;
export type SessionOptions = {
    side: "client" | "server";
    /**
     * of this end, for people
     */
    name: string;
    /**
     * the address, for sentences
     */
    where: string;
    epoch: bigint;
    frameBytesMax: number;
    badge?: string | undefined;
};
/**
 * Whose session it is.
 */
export type SessionUser = {
    /**
     * at a server, about a hello; a sentence:
     * it is refused (PERMISSION_DENIED)
     */
    admit?: ((session: Session) => string | void) | undefined;
    opened: () => void;
    /**
     * returns: is it handled?
     * Otherwise `session.handled(header.sequence)` comes later.
     */
    received: (header: wire.Header, payload: Buffer) => boolean;
    /**
     * more may be sent
     */
    credit: () => void;
    /**
     * have the calls of it ended, so that a Closed may be said?
     */
    rests: () => boolean;
    /**
     * the peer has said Close
     */
    goodbye: () => void;
    /**
     * once
     */
    ended: (why: JackfieldError) => void;
};
import { Framing } from "./framing.js";
import * as wire from "./frame.js";
import * as control from "./control.js";
