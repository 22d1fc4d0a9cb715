// Who may call: the lines "allow" and "key" of a service's grants, and the badges of its clients
// (docs/WIRE.md "The control tables", Hello).
//
// Of whom a rule can mean, Node knows services, by their badges. Users, groups and certificates
// (uid:, gid:, …) it cannot tell, so a service with such rules is refused rather than served to
// everybody.

import { Code, JackfieldError, Outcome, Reason } from "./errors.js";
import { interfaceOf } from "./system.js";

const MASK = 0xffffffffffffffffn;
const EVERYTHING = "*";
const WORD_BYTES = 8;

/** @typedef {[bigint, bigint]} Key */
/** @typedef {{ what: string, who: string }} Rule */

/** @param {bigint} x @param {bigint} by */
const rotated = (x, by) => ((x << by) | (x >> (64n - by))) & MASK;

/** SipHash-2-4. @param {Key} key @param {Uint8Array} bytes @returns {bigint} */
export function sipHash([k0, k1], bytes) {
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const round = () => {
    v0 = (v0 + v1) & MASK; v1 = rotated(v1, 13n) ^ v0; v0 = rotated(v0, 32n);
    v2 = (v2 + v3) & MASK; v3 = rotated(v3, 16n) ^ v2;
    v0 = (v0 + v3) & MASK; v3 = rotated(v3, 21n) ^ v0;
    v2 = (v2 + v1) & MASK; v1 = rotated(v1, 17n) ^ v2; v2 = rotated(v2, 32n);
  };
  const take = (/** @type {bigint} */ word) => {
    v3 ^= word;
    round(); round();
    v0 ^= word;
  };
  const whole = bytes.length - bytes.length % WORD_BYTES;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += WORD_BYTES) take(buffer.readBigUInt64LE(at));
  let last = BigInt(bytes.length & 0xff) << 56n;
  for (let i = whole; i < bytes.length; ++i)
    last |= BigInt(/** @type {number} */ (bytes[i])) << BigInt(8 * (i - whole));
  take(last);
  v2 ^= 0xffn;
  for (let i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

/** Of 32 hexadecimal digits. Throws JackfieldError. @param {string} digits @returns {Key} */
export function readKey(digits) {
  if (!/^[0-9a-f]{32}$/i.test(digits))
    throw new JackfieldError(Code.INVALID_ARGUMENT, "a key is 32 hexadecimal digits");
  return [BigInt(`0x${digits.slice(0, 16)}`), BigInt(`0x${digits.slice(16)}`)];
}

/** What a client shows. @param {Key} key the service's @param {string} bearer */
export function makeBadge(key, bearer) {
  const proof = sipHash(key, Buffer.from(bearer)).toString(16).padStart(16, "0");
  return `${bearer}:${proof}`;
}

/** Whose badge it is; "": nobody's. @param {Key} key @param {string} badge */
export function bearerOf(key, badge) {
  const bearer = badge.slice(0, Math.max(0, badge.lastIndexOf(":")));
  return bearer !== "" && makeBadge(key, bearer) === badge.toLowerCase().replace(/^.*:/,
    `${bearer}:`) ? bearer : "";
}

/** Is it that service, or one of its instances, "packer.2" of "packer"?
 * @param {string} caller @param {string} service */
const isInstanceOf = (caller, service) => caller === service || caller.startsWith(`${service}.`);

export class Gate {
  /** Throws JackfieldError: a rule that cannot be kept here.
   * @param {string} service @param {Rule[]} rules @param {string} [key] */
  constructor(service, rules, key) {
    this._service = service;
    this._key = key === undefined ? undefined : readKey(key);
    /** @type {Map<string, string[]>} */
    this._rules = new Map();
    for (const { what, who } of rules) {
      if (!/^[\w.-]+$/.test(who)) {
        throw new JackfieldError(Code.FAILED_PRECONDITION,
          `${service} is to admit "${who}", and a program in JavaScript cannot tell users, ` +
          "groups or certificates; name services in its allow, or put a service of another language in " +
          "front of it", Outcome.REFUSED, Reason.PERMISSION);
      }
      this._rules.set(what, [...this._rules.get(what) ?? [], who]);
    }
  }

  /** Do they admit that caller? @param {string[] | undefined} admitted @param {string} caller */
  _means(admitted, caller) {
    return admitted?.some((who) => who !== "nobody" && caller !== "" && isInstanceOf(caller, who))
      ?? false;
  }

  /** @param {string} what */
  _words(what) {
    return this._rules.get(what)?.join(" and ") ?? "everybody";
  }

  /** About a hello. @param {import("./request.js").Peer} peer @param {string} badge
   * @returns {{ caller: string, refusal?: string }} */
  admit(peer, badge) {
    const caller = this._key === undefined ? "" : bearerOf(this._key, badge);
    const everybody = !this._rules.has(EVERYTHING);
    if (everybody || [...this._rules.values()].some((admitted) => this._means(admitted, caller)))
      return { caller };
    const admitted = [...this._rules.keys()].map((what) =>
      `${this._words(what)}${what === EVERYTHING ? "" : ` for ${what}`}`);
    return { caller, refusal: `${this._service} admits ${admitted.join("; ")}, not ` +
      `${caller || `a client that calls itself "${peer.name}"`}${WHAT_HELPS}` };
  }

  /** About a message; undefined: it may come. @param {import("./request.js").Peer} peer
   * @param {string} method in full */
  whyNot(peer, method) {
    const what = [method, interfaceOf(method), EVERYTHING].find((one) => this._rules.has(one));
    if (what === undefined || this._means(this._rules.get(what), peer.caller)) return undefined;
    return `${this._service}: ${method} may be called by ${this._words(what)}, not by ` +
      `${peer.caller || "this client"}${WHAT_HELPS}`;
  }
}

const WHAT_HELPS = "; who may is said by allow = […] of that service in the wiring, and a " +
  "service of the wiring is known by the channel that its calls = … gives it";
