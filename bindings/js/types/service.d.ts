/**
 * The main function of a service program: `await runService(async (service) => { … })`.
 *
 * Reads the grants, as `jackfield up` or the command line gives them (PROGRAM --help), calls
 * main(service), and sees to the end: SIGTERM and SIGINT ask it to stop, a second one ends at once.
 * Sets the exit status: 0; 1: it failed, or messages were lost; 2: usage; 130: it was stopped, and
 * main threw CANCELLED or an AbortError.
 * @param {(service: Service) => Promise<void> | void} main @returns {Promise<void>}
 */
export function runService(main: (service: Service) => Promise<void> | void): Promise<void>;
/** What `main` of runService gets: its name, args and roles, its channels and its port. */
export class Service {
    /** @param {import("./grants.js").Grants} grants @param {(addresses: string[]) => void} onReady */
    constructor(grants: import("./grants.js").Grants, onReady: (addresses: string[]) => void);
    _grants: import("./grants.js").Grants;
    _onReady: (addresses: string[]) => void;
    _abort: AbortController;
    /** @type {Channel[]} */
    _channels: Channel[];
    /** @type {Port[]} */
    _ports: Port[];
    _wasRefusedAGrant: boolean;
    _lost: boolean;
    get name(): string;
    get args(): string[];
    /** The roles that it was granted, each once. @returns {string[]} */
    get roles(): string[];
    /** Aborted when it is asked to stop (SIGTERM, SIGINT, stop()). @returns {AbortSignal} */
    get signal(): AbortSignal;
    /** Asks it to stop. */
    stop(): void;
    /** @param {string} role */
    _granted(role: string): import("./grants.js").GrantedCall[];
    /** @param {import("./grants.js").GrantedCall} call @param {ChannelOptions} options */
    _open(call: import("./grants.js").GrantedCall, options: ChannelOptions): Channel;
    /**
     * A channel to whoever the wiring put into that role; "": the only one. Throws:
     * PERMISSION_DENIED, with the entry that is missing.
     * @param {string} [role] @param {ChannelOptions} [options] @returns {Channel}
     */
    connect(role?: string | undefined, options?: import("./pending.js").ChannelOptions | undefined): Channel;
    /** A channel to each server of a role that has several (instances = 3), by its name.
     * @param {string} role @param {ChannelOptions} [options] @returns {Map<string, Channel>} */
    connectAll(role: string, options?: import("./pending.js").ChannelOptions | undefined): Map<string, Channel>;
    /**
     * A port at every address that the wiring gave; then the service is ready.
     * @param {Record<string, import("./port.js").Handler>} [handlers]
     * @param {import("./port.js").PortOptions} [options] @returns {Promise<Port>}
     */
    serve(handlers?: Record<string, import("./port.js").Handler> | undefined, options?: import("./port.js").PortOptions | undefined): Promise<Port>;
    /** @param {string} text */
    _log(text: string): void;
    /** For a service that serves nothing: it is ready. @param {string[]} [addresses] */
    ready(addresses?: string[] | undefined): void;
    /** Serves until it is asked to stop, and handles what has come by then.
     * @returns {Promise<void>} */
    run(): Promise<void>;
    _close(): Promise<void>;
}
export type ChannelOptions = import("./pending.js").ChannelOptions;
export type Port = import("./port.js").Port;
import { Channel } from "./channel.js";
