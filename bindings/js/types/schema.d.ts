/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./request.js").Request} Request */
/** @typedef {import("./pending.js").CallOptions} CallOptions */
/** What goes, and what comes. */
export const MethodKind: Readonly<{
    CALL: 0;
    ONE_WAY: 1;
    SERVER_STREAM: 2;
    CLIENT_STREAM: 3;
    BOTH_STREAMS: 4;
}>;
/** The methods of an interface, or of several, and their messages. */
export class Schema {
    /** Of a file, .bfbs, or .fbs, for which flatc is needed. @param {string} path */
    static load(path: string): Schema;
    /** Of the service itself. @param {import("./channel.js").Channel} channel
     * @param {string} name "greet.Greeter" @param {CallOptions} [options]
     * @returns {Promise<Schema>} */
    static fetch(channel: import("./channel.js").Channel, name: string, options?: import("./pending.js").CallOptions | undefined): Promise<Schema>;
    /** @param {Buffer} bfbs a binary schema. Throws JackfieldError: it is none. */
    constructor(bfbs: Buffer);
    bfbs: Buffer;
    _reflection: import("./reflection.js").Reflection;
    /** Their kinds, by their names in full. @type {Map<string, number>} */
    methods: Map<string, number>;
    /** @param {string} method */
    _method(method: string): import("./reflection.js").Method;
    /** An object as bytes. Throws JackfieldError (INVALID_ARGUMENT), with what does not fit.
     * @param {string} method in full @param {Message} message @param {{ reply?: boolean }} [way]
     * @returns {Buffer} */
    pack(method: string, message: Message, { reply }?: {
        reply?: boolean;
    } | undefined): Buffer;
    /** And back. Throws JackfieldError (DATA_LOSS): it is not what the schema says.
     * @param {string} method @param {Buffer} data @param {{ reply?: boolean }} [way]
     * @returns {Message} */
    unpack(method: string, data: Buffer, { reply }?: {
        reply?: boolean;
    } | undefined): Message;
    /** Their names in full. Throws: there is no such interface. @param {string} name */
    methodsOf(name: string): string[];
    /**
     * Its methods as functions of messages:
     * `await client.Greet({ name: "Ada" }, { timeoutMs: 100 })`.
     * One of a method that streams gives a ClientStream, whose items are bytes: pack() and unpack().
     * @param {import("./channel.js").Channel} channel @param {string} name
     * @returns {Record<string, (message?: Message, options?: CallOptions) => any>}
     */
    client(channel: import("./channel.js").Channel, name: string): Record<string, (message?: Message, options?: CallOptions) => any>;
    /** @param {import("./channel.js").Channel} channel @param {string} method
     * @returns {(message?: Message, options?: CallOptions) => any} */
    _caller(channel: import("./channel.js").Channel, method: string): (message?: Message, options?: CallOptions) => any;
    /**
     * Serves an interface, and its schema: each handler is called with (message, request), and
     * returns the answer, or a promise of it. Of a stream it uses request.stream(), whose items are
     * bytes, and pack(); message is undefined where items come.
     * @param {import("./port.js").Port} port @param {string} name
     * @param {Record<string, (message: any, request: Request) => any>} handlers
     */
    serve(port: import("./port.js").Port, name: string, handlers: Record<string, (message: any, request: Request) => any>): void;
    /** @param {string} method @param {Request} request */
    _request(method: string, request: Request): import("./message.js").Message | undefined;
    /** @param {string} method @param {any} answer @returns {Buffer | undefined} */
    _answer(method: string, answer: any): Buffer | undefined;
}
export type Message = import("./message.js").Message;
export type Request = import("./request.js").Request;
export type CallOptions = import("./pending.js").CallOptions;
