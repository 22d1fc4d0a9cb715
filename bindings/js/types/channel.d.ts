/** This process, for all its channels and ports. */
export const EPOCH: bigint;
export function ownName(): string;
/**
 * @typedef {object} ChannelOptions
 * @property {string} [name] of this end, for people
 * @property {number} [timeoutMs] of a call that names none (5,000)
 * @property {number} [connectMs] to connect for the first time (5,000)
 * @property {number} [callsMax] under way at once; others wait (256)
 * @property {boolean} [reconnect] false: it ends with its first connection
 * @property {string} [badge] what proves who this is, to a service that asks
 */
/**
 * @typedef {object} CallOptions
 * @property {number} [timeoutMs] in place of the channel's; of a stream: of all of it (none)
 * @property {AbortSignal} [signal] gives the call up
 * @property {number} [priority] 0 (most urgent) to 3; 2 if not said
 */
/**
 * @typedef {object} Pending
 * @property {number} kind
 * @property {number} type
 * @property {Uint8Array} payload
 * @property {number} deadline in ms of performance.now(); Infinity: none
 * @property {number} timeoutMs
 * @property {number} priority
 * @property {number} id 0: it has not left
 * @property {Session} [session]
 * @property {ClientStream} [stream]
 * @property {NodeJS.Timeout} [timer]
 * @property {() => void} [unlisten]
 * @property {(reply: Buffer) => void} resolve
 * @property {(why: JackfieldError) => void} reject
 */
/**
 * What became of everything that a channel has sent.
 * @typedef {object} Receipt
 * @property {number} handled
 * @property {number} delivered it came, and was not handled when the connection ended
 * @property {number} undelivered it never left
 * @property {number} inDoubt no word
 */
/**
 * A client's end. It connects in the background, and again when the service is replaced: what has
 * not left by then goes to the next instance, within its deadline; what had left is InDoubt. It
 * keeps the process alive until it is closed.
 */
export class Channel {
    /** @param {string} address @param {ChannelOptions} [options] Throws: the address is wrong. */
    constructor(address: string, options?: ChannelOptions | undefined);
    _address: import("./address.js").Address;
    _options: ChannelOptions;
    /** What goes on over the connection of now, and over those that are being left.
     * @type {Map<number, Pending>} */
    _calls: Map<number, Pending>;
    /** @type {Pending[]} */
    _waiting: Pending[];
    _nextId: number;
    /** @type {Session | undefined} */
    _session: Session | undefined;
    /** @type {Set<Session>} */
    _sessions: Set<Session>;
    _instances: number;
    /** @type {JackfieldError | undefined} */
    _ended: JackfieldError | undefined;
    /** @type {(() => void)[]} */
    _watchers: (() => void)[];
    _receipt: {
        handled: number;
        delivered: number;
        undelivered: number;
        inDoubt: number;
    };
    _pauseMs: number;
    _connectUntil: number;
    /** The address, as it is written. */
    get address(): string;
    /**
     * The answer to a call. Rejects with a JackfieldError: what the handler chose, or how it ended
     * otherwise (Refused, Failed, InDoubt).
     * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
     * @returns {Promise<Buffer>}
     */
    call(method: string | number, data?: Uint8Array | undefined, options?: CallOptions | undefined): Promise<Buffer>;
    /**
     * One way. Resolves when it has left; what becomes of it is in the receipt of close().
     * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
     * @returns {Promise<void>}
     */
    send(method: string | number, data?: Uint8Array | undefined, options?: CallOptions | undefined): Promise<void>;
    /**
     * A call with items in both directions.
     * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
     * @returns {ClientStream}
     */
    stream(method: string | number, data?: Uint8Array | undefined, options?: CallOptions | undefined): ClientStream;
    /** @param {number} kind @param {string | number} method @param {Uint8Array} payload
     * @param {CallOptions} options @param {(reply: Buffer) => void} resolve
     * @param {(why: JackfieldError) => void} reject @param {ClientStream} [stream]
     * @returns {Pending | undefined} */
    _submit(kind: number, method: string | number, payload: Uint8Array, options: CallOptions, resolve: (reply: Buffer) => void, reject: (why: JackfieldError) => void, stream?: ClientStream | undefined): Pending | undefined;
    /** Returns false: it has been given up already. @param {Pending} pending
     * @param {AbortSignal} signal */
    _listen(pending: Pending, signal: AbortSignal): boolean;
    _mayBegin(): boolean;
    _pump(): void;
    /** @param {Pending} pending */
    _begin(pending: Pending): void;
    /** Exactly once. @param {Pending} pending @param {JackfieldError | undefined} why
     * @param {Buffer} [reply] */
    _end(pending: Pending, why: JackfieldError | undefined, reply?: Buffer | undefined): void;
    /** Takes it out of those that wait. Returns: had it left? @param {Pending} pending
     * @param {number} code of the Cancel */
    _withdraw(pending: Pending, code: number): boolean;
    /** Its deadline has passed. @param {Pending} pending */
    _late(pending: Pending): void;
    /** @param {Pending} pending */
    _giveUp(pending: Pending): void;
    /** @param {Session} session @param {Header} header @param {Buffer} payload */
    _received(session: Session, header: Header, payload: Buffer): boolean;
    _dial(): void;
    /** @param {import("node:net").Socket} socket */
    _connected(socket: import("node:net").Socket): import("net").Socket | undefined;
    /** @param {Session} session */
    _credit(session: Session): void;
    /** @param {Session} session */
    _callsOf(session: Session): Pending[];
    /** @param {Session} session */
    _opened(session: Session): void;
    /** The service will take no more calls; those under way go on. @param {Session} session */
    _goodbye(session: Session): void;
    /** A connection that is left ends when nothing goes on there. @param {Session} session */
    _rest(session: Session): void;
    /** @param {Session} session @param {JackfieldError} why */
    _lost(session: Session, why: JackfieldError): void;
    _again(): void;
    _later(): void;
    _pause: NodeJS.Timeout | undefined;
    /** @param {JackfieldError} why */
    _noConnection(why: JackfieldError): void;
    /** There was a connection, and no session on it. @param {JackfieldError} why */
    _noWelcome(why: JackfieldError): void;
    /** Resolves when it is connected. Rejects: why it cannot be. @returns {Promise<void>} */
    ready(): Promise<void>;
    _tellWatchers(): void;
    /** @param {JackfieldError} why */
    _endAll(why: JackfieldError): void;
    /**
     * Says goodbye, and waits until the service has handled all, at most so long.
     * @param {number} [graceMs] @returns {Promise<Receipt>}
     */
    close(graceMs?: number | undefined): Promise<Receipt>;
}
export type JackfieldError = import("./errors.js").JackfieldError;
export type Header = import("./frame.js").Header;
export type ChannelOptions = {
    /**
     * of this end, for people
     */
    name?: string | undefined;
    /**
     * of a call that names none (5,000)
     */
    timeoutMs?: number | undefined;
    /**
     * to connect for the first time (5,000)
     */
    connectMs?: number | undefined;
    /**
     * under way at once; others wait (256)
     */
    callsMax?: number | undefined;
    /**
     * false: it ends with its first connection
     */
    reconnect?: boolean | undefined;
    /**
     * what proves who this is, to a service that asks
     */
    badge?: string | undefined;
};
export type CallOptions = {
    /**
     * in place of the channel's; of a stream: of all of it (none)
     */
    timeoutMs?: number | undefined;
    /**
     * gives the call up
     */
    signal?: AbortSignal | undefined;
    /**
     * 0 (most urgent) to 3; 2 if not said
     */
    priority?: number | undefined;
};
export type Pending = {
    kind: number;
    type: number;
    payload: Uint8Array;
    /**
     * in ms of performance.now(); Infinity: none
     */
    deadline: number;
    timeoutMs: number;
    priority: number;
    /**
     * 0: it has not left
     */
    id: number;
    session?: Session | undefined;
    stream?: ClientStream | undefined;
    timer?: NodeJS.Timeout | undefined;
    unlisten?: (() => void) | undefined;
    resolve: (reply: Buffer) => void;
    reject: (why: JackfieldError) => void;
};
/**
 * What became of everything that a channel has sent.
 */
export type Receipt = {
    handled: number;
    /**
     * it came, and was not handled when the connection ended
     */
    delivered: number;
    /**
     * it never left
     */
    undelivered: number;
    /**
     * no word
     */
    inDoubt: number;
};
import { Session } from "./session.js";
import { ClientStream } from "./stream.js";
