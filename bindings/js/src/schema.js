// Messages as objects: by the schema that a service serves, or that a file has.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { Code, JackfieldError, misuse } from "./errors.js";
import { build, read } from "./message.js";
import { reflect } from "./reflection.js";
import { buildGetRequest, GET, interfaceOf, readGetReply, shortName } from "./system.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./request.js").Request} Request */
/** @typedef {import("./pending.js").CallOptions} CallOptions */

/** What goes, and what comes. */
export const MethodKind = Object.freeze({
  CALL: 0, ONE_WAY: 1, SERVER_STREAM: 2, CLIENT_STREAM: 3, BOTH_STREAMS: 4,
});

const STREAMING = new Map([["server", MethodKind.SERVER_STREAM],
  ["client", MethodKind.CLIENT_STREAM], ["both", MethodKind.BOTH_STREAMS]]);

/** @param {Map<string, string>} attributes @returns {number} */
function kindOf(attributes) {
  if (attributes.has("one_way")) return MethodKind.ONE_WAY;
  return STREAMING.get(attributes.get("streaming") ?? "none") ?? MethodKind.CALL;
}

/** A binary schema of a text, by FlatBuffers' own compiler. @param {string} path */
function compile(path) {
  const directory = mkdtempSync(join(tmpdir(), "jackfield-"));
  try {
    execFileSync("flatc", ["-b", "--schema", "--bfbs-builtins", "-I", dirname(path), "-o",
      directory, path], { stdio: ["ignore", "ignore", "pipe"] });
    return readFileSync(join(directory, `${basename(path, ".fbs")}.bfbs`));
  } catch (why) {
    const { code, stderr } = /** @type {{ code?: string, stderr?: Buffer }} */ (why);
    throw new JackfieldError(Code.INVALID_ARGUMENT, code === "ENOENT"
      ? `${path} is compiled by flatc, and there is none; install flatbuffers-compiler, or load ` +
        "the .bfbs that flatc -b --schema makes of it elsewhere"
      : `${path}: ${stderr?.toString().trim() ?? why}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The methods of an interface, or of several, and their messages. */
export class Schema {
  /** @param {Buffer} bfbs a binary schema. Throws JackfieldError: it is none. */
  constructor(bfbs) {
    this.bfbs = bfbs;
    this._reflection = reflect(bfbs);
    /** Their kinds, by their names in full. @type {Map<string, number>} */
    this.methods = new Map(this._reflection.methods.map((method) =>
      [method.name, kindOf(method.attributes)]));
  }

  /** Of a file, .bfbs, or .fbs, for which flatc is needed. @param {string} path */
  static load(path) {
    return new Schema(path.endsWith(".fbs") ? compile(path) : readFileSync(path));
  }

  /** Of the service itself. @param {import("./channel.js").Channel} channel
   * @param {string} name "greet.Greeter" @param {CallOptions} [options]
   * @returns {Promise<Schema>} */
  static async fetch(channel, name, options = {}) {
    return new Schema(readGetReply(await channel.call(GET, buildGetRequest(name), options)));
  }

  // ---- Messages.

  /** @param {string} method */
  _method(method) {
    const found = this._reflection.methods.find((one) => one.name === method);
    if (found === undefined) throw misuse(`the schema has no method ${method}; it has ` +
      [...this.methods.keys()].join(", "));
    return found;
  }

  /** An object as bytes. Throws JackfieldError (INVALID_ARGUMENT), with what does not fit.
   * @param {string} method in full @param {Message} message @param {{ reply?: boolean }} [way]
   * @returns {Buffer} */
  pack(method, message, { reply = false } = {}) {
    const found = this._method(method);
    return build(this._reflection, reply ? found.reply : found.request, message);
  }

  /** And back. Throws JackfieldError (DATA_LOSS): it is not what the schema says.
   * @param {string} method @param {Buffer} data @param {{ reply?: boolean }} [way]
   * @returns {Message} */
  unpack(method, data, { reply = false } = {}) {
    const found = this._method(method);
    const what = `${method}: the ${reply ? "answer" : "request"} of ${data.length} bytes`;
    return read(this._reflection, reply ? found.reply : found.request, data, what);
  }

  // ---- Interfaces.

  /** Their names in full. Throws: there is no such interface. @param {string} name */
  methodsOf(name) {
    const found = [...this.methods.keys()].filter((method) => interfaceOf(method) === name);
    if (found.length > 0) return found;
    const have = new Set([...this.methods.keys()].map(interfaceOf));
    throw misuse(`the schema has no interface ${name}; it has ${[...have].join(", ")}`);
  }

  /**
   * Its methods as functions of messages:
   * `await client.Greet({ name: "Ada" }, { timeoutMs: 100 })`.
   * One of a method that streams gives a ClientStream, whose items are bytes: pack() and unpack().
   * @param {import("./channel.js").Channel} channel @param {string} name
   * @returns {Record<string, (message?: Message, options?: CallOptions) => any>}
   */
  client(channel, name) {
    return Object.fromEntries(this.methodsOf(name).map((method) =>
      [shortName(method), this._caller(channel, method)]));
  }

  /** @param {import("./channel.js").Channel} channel @param {string} method
   * @returns {(message?: Message, options?: CallOptions) => any} */
  _caller(channel, method) {
    switch (this.methods.get(method)) {
      case MethodKind.ONE_WAY:
        return async (message = {}, options = {}) =>
          channel.send(method, this.pack(method, message), options);
      case MethodKind.SERVER_STREAM:
        return (message = {}, options = {}) =>
          channel.stream(method, this.pack(method, message), options);
      case MethodKind.CLIENT_STREAM:
      case MethodKind.BOTH_STREAMS:
        return (_message = {}, options = {}) => channel.stream(method, undefined, options);
      default:
        return async (message = {}, options = {}) => this.unpack(method,
          await channel.call(method, this.pack(method, message), options), { reply: true });
    }
  }

  /**
   * Serves an interface, and its schema: each handler is called with (message, request), and
   * returns the answer, or a promise of it. Of a stream it uses request.stream(), whose items are
   * bytes, and pack(); message is undefined where items come.
   * @param {import("./port.js").Port} port @param {string} name
   * @param {Record<string, (message: any, request: Request) => any>} handlers
   */
  serve(port, name, handlers) {
    const methods = this.methodsOf(name);
    for (const [short, handler] of Object.entries(handlers)) {
      const method = `${name}/${short}`;
      if (!methods.includes(method)) throw misuse(`${name} has no method ${short}; it has ` +
        methods.map(shortName).join(", "));
      port.handle(method, async (request) => this._answer(method,
        await handler(this._request(method, request), request)));
    }
    port.schema(name, this.bfbs);
  }

  /** @param {string} method @param {Request} request */
  _request(method, request) {
    const kind = /** @type {number} */ (this.methods.get(method));
    if ((kind >= MethodKind.SERVER_STREAM) !== request.isStream) {
      throw new JackfieldError(Code.INVALID_ARGUMENT,
        `${method} is ${request.isStream ? "not a" : "a"} stream`);
    }
    if (kind >= MethodKind.CLIENT_STREAM) return undefined;
    try {
      return this.unpack(method, request.payload);
    } catch (why) {
      if (!(why instanceof JackfieldError)) throw why;
      throw new JackfieldError(Code.INVALID_ARGUMENT, why.text);
    }
  }

  /** @param {string} method @param {any} answer @returns {Buffer | undefined} */
  _answer(method, answer) {
    const kind = this.methods.get(method);
    if (kind === MethodKind.ONE_WAY) return undefined;
    if (kind === MethodKind.SERVER_STREAM || kind === MethodKind.BOTH_STREAMS)
      return Buffer.alloc(0); // the status is the answer
    return answer === undefined ? undefined : this.pack(method, answer, { reply: true });
  }
}
