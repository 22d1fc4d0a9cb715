/**
 * Serves at one address or several. Rejects: one of them cannot be served.
 * @param {string | string[]} addresses @param {Record<string, Handler>} [handlers]
 * @param {PortOptions} [options] @returns {Promise<Port>}
 */
export function serve(addresses: string | string[], handlers?: Record<string, Handler> | undefined, options?: PortOptions | undefined): Promise<Port>;
/** A service's end. */
export class Port {
    /** @param {PortOptions} options */
    constructor(options: PortOptions);
    _options: PortOptions;
    _name: string;
    /** @type {Map<number, { method: string | number, handler: Handler }>} */
    _handlers: Map<number, {
        method: string | number;
        handler: Handler;
    }>;
    /** @type {Map<string, Buffer>} */
    _schemas: Map<string, Buffer>;
    /** @type {Set<Seat>} */
    _seats: Set<Seat>;
    /** @type {import("./dial.js").Listener[]} */
    _listeners: import("./dial.js").Listener[];
    /** Came, and wait for a handler to end. @type {{ seat: Seat, request: Request }[]} */
    _inbox: {
        seat: Seat;
        request: Request;
    }[];
    _underWay: number;
    _closing: boolean;
    _heard: number;
    /** @type {(() => void)[]} */
    _watchers: (() => void)[];
    /** Where it serves, as clients write it. @returns {string[]} */
    get addresses(): string[];
    /**
     * Serves one more method. Throws: it has a handler already.
     * @param {string | number} method "package.Service/Method", or a number @param {Handler} handler
     */
    handle(method: string | number, handler: Handler): void;
    /**
     * Tells who asks what an interface's messages are: `jackfield ls`, `jackfield call`.
     * @param {string} name "greet.Greeter" @param {Buffer} bfbs a binary schema
     */
    schema(name: string, bfbs: Buffer): void;
    /** @param {string} name */
    _methodsOf(name: string): string[];
    /** @param {string} address @returns {Promise<void>} */
    _listen(address: string): Promise<void>;
    /** @param {string} text */
    _log(text: string): void;
    /** @param {import("node:net").Socket} socket
     * @param {import("./doors.js").Credentials | undefined} credentials
     * @param {import("./address.js").Address} address */
    _come(socket: import("node:net").Socket, credentials: import("./doors.js").Credentials | undefined, address: import("./address.js").Address): void | import("net").Socket;
    /** @param {Seat} seat */
    _admit(seat: Seat): string | undefined;
    /** @param {Seat} seat @param {JackfieldError} why */
    _ended(seat: Seat, why: JackfieldError): void;
    /** @param {Seat} seat @param {Header} header @param {Buffer} payload */
    _received(seat: Seat, header: Header, payload: Buffer): boolean;
    /** @param {Seat} seat @param {Header} header @param {Buffer} payload */
    _message(seat: Seat, header: Header, payload: Buffer): boolean;
    /** @param {number} type */
    _noMethod(type: number): string;
    /** @param {Seat} seat @param {Request} request @param {Handler} handler */
    _run(seat: Seat, request: Request, handler: Handler): void;
    /** @param {Seat} seat @param {Request} request */
    _finish(seat: Seat, request: Request): void;
    /** One that has waited. @param {Seat} seat @param {Request} request */
    _runLater(seat: Seat, request: Request): void;
    _tellWatchers(): void;
    get _atRest(): boolean;
    /**
     * Takes no new clients and no new calls, and handles what has come, at most so long.
     * @param {number} [graceMs] @returns {Promise<void>}
     */
    close(graceMs?: number | undefined): Promise<void>;
}
export type JackfieldError = import("./errors.js").JackfieldError;
export type Header = import("./frame.js").Header;
/**
 * The answer, bytes, or a promise of it; of a one-way message: nothing.
 */
export type Handler = (request: Request) => Uint8Array | void | Promise<Uint8Array | void>;
export type PortOptions = {
    /**
     * of this end, for people
     */
    name?: string | undefined;
    /**
     * requests under way at once; others wait unread (1,024)
     */
    handlersMax?: number | undefined;
    /**
     * clients (16,384)
     */
    sessionsMax?: number | undefined;
    /**
     * says who may call
     */
    gate?: import("./gate.js").Gate | undefined;
    /**
     * one line for each thing that a person should know:
     * console.error if not said
     */
    log?: ((text: string) => void) | undefined;
};
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
declare class Seat {
    /** @param {Session} session @param {import("./doors.js").Credentials | undefined} credentials */
    constructor(session: Session, credentials: import("./doors.js").Credentials | undefined);
    session: Session;
    /** @type {import("./request.js").Peer} */
    peer: import("./request.js").Peer;
    /** @type {Map<import("./frame.js").CallId, Request>} */
    calls: Map<import("./frame.js").CallId, Request>;
}
import { Request } from "./request.js";
import { Session } from "./session.js";
export {};
