/** @param {Greeting} greeting @returns {Buffer} */
export function buildHello(greeting: Greeting): Buffer;
/** @param {Greeting} greeting @returns {Buffer} */
export function buildWelcome(greeting: Greeting): Buffer;
/** Throws RangeError: it cannot be read. @param {Buffer} payload */
export function readHello(payload: Buffer): {
    versionMin: number;
    versionMax: number;
    badge: string;
    epoch: bigint;
    frameBytesMax: number;
    windowUnits: number;
    streamItems: number;
    name: string;
};
/** Throws RangeError: it cannot be read. @param {Buffer} payload @returns {Greeting} */
export function readWelcome(payload: Buffer): Greeting;
/** @param {number} reason @param {string} text @returns {Buffer} */
export function buildRefuse(reason: number, text: string): Buffer;
/** One that cannot be read only loses its text. @param {Buffer} payload */
export function readRefuse(payload: Buffer): {
    reason: number;
    text: string;
};
/** @param {number} handled @param {number} received @returns {Buffer} */
export function buildReceipt(handled: number, received: number): Buffer;
/** Throws RangeError: it cannot be read. @param {Buffer} payload */
export function readReceipt(payload: Buffer): {
    handled: number;
    received: number;
};
/** @param {number} outcome @param {number} reason @param {string} text @returns {Buffer} */
export function buildFailure(outcome: number, reason: number, text: string): Buffer;
/** One that cannot be read only loses its text. @param {Buffer} payload */
export function readFailure(payload: Buffer): {
    outcome: number;
    reason: number;
    text: string;
};
/**
 * What both sides say of themselves, in a Hello and in a Welcome.
 */
export type Greeting = {
    epoch: bigint;
    frameBytesMax: number;
    windowUnits: number;
    streamItems: number;
    name: string;
    badge?: string | undefined;
};
