export type JackfieldError = import("./errors.js").JackfieldError;
export type Session = import("./session.js").Session;
export type ClientStream = import("./stream.js").ClientStream;
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
    session?: import("./session.js").Session | undefined;
    stream?: import("./stream.js").ClientStream | undefined;
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
