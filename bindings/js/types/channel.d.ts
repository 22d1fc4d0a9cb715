/**
 * A client's end. It connects in the background, and again when the service is replaced: what has
 * not left by then goes to the next instance, within its deadline; what had left is InDoubt. It
 * keeps the process alive until it is closed.
 */
export class Channel {
    /** @param {string} address @param {ChannelOptions} [options] Throws: the address is wrong. */
    constructor(address: string, options?: import("./pending.js").ChannelOptions | undefined);
    _address: import("./address.js").Address;
    _options: import("./pending.js").ChannelOptions;
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
    call(method: string | number, data?: Uint8Array | undefined, options?: import("./pending.js").CallOptions | undefined): Promise<Buffer>;
    /**
     * One way. Resolves when it has left; what becomes of it is in the receipt of close().
     * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
     * @returns {Promise<void>}
     */
    send(method: string | number, data?: Uint8Array | undefined, options?: import("./pending.js").CallOptions | undefined): Promise<void>;
    /**
     * A call with items in both directions.
     * @param {string | number} method @param {Uint8Array} [data] @param {CallOptions} [options]
     * @returns {ClientStream}
     */
    stream(method: string | number, data?: Uint8Array | undefined, options?: import("./pending.js").CallOptions | undefined): ClientStream;
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
    _callsOf(session: Session): import("./pending.js").Pending[];
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
export type CallOptions = import("./pending.js").CallOptions;
export type ChannelOptions = import("./pending.js").ChannelOptions;
export type Pending = import("./pending.js").Pending;
export type Receipt = import("./pending.js").Receipt;
import { Session } from "./session.js";
import { ClientStream } from "./stream.js";
