// What a channel is told, what it keeps of a call, and what it tells at its end. Types only.

/** @typedef {import("./errors.js").JackfieldError} JackfieldError */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./stream.js").ClientStream} ClientStream */

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

export {};
