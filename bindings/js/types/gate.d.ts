/** SipHash-2-4. @param {Key} key @param {Uint8Array} bytes @returns {bigint} */
export function sipHash([k0, k1]: Key, bytes: Uint8Array): bigint;
/** Of 32 hexadecimal digits. Throws JackfieldError. @param {string} digits @returns {Key} */
export function readKey(digits: string): Key;
/** What a client shows. @param {Key} key the service's @param {string} bearer */
export function makeBadge(key: Key, bearer: string): string;
/** Whose badge it is; "": nobody's. @param {Key} key @param {string} badge */
export function bearerOf(key: Key, badge: string): string;
export class Gate {
    /** Throws JackfieldError: a rule that cannot be kept here.
     * @param {string} service @param {Rule[]} rules @param {string} [key] */
    constructor(service: string, rules: Rule[], key?: string | undefined);
    _service: string;
    _key: Key | undefined;
    /** @type {Map<string, string[]>} */
    _rules: Map<string, string[]>;
    /** Do they admit that caller? @param {string[] | undefined} admitted @param {string} caller */
    _means(admitted: string[] | undefined, caller: string): boolean;
    /** @param {string} what */
    _words(what: string): string;
    /** About a hello. @param {import("./request.js").Peer} peer @param {string} badge
     * @returns {{ caller: string, refusal?: string }} */
    admit(peer: import("./request.js").Peer, badge: string): {
        caller: string;
        refusal?: string;
    };
    /** About a message; undefined: it may come. @param {import("./request.js").Peer} peer
     * @param {string} method in full */
    whyNot(peer: import("./request.js").Peer, method: string): string | undefined;
}
export type Key = [bigint, bigint];
export type Rule = {
    what: string;
    who: string;
};
