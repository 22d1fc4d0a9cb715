/** "NOT_FOUND" of 5. @param {number} code @returns {string} */
export function nameOfCode(code: number): string;
/** The error of that outcome. code: if not said, the one that goes with the reason.
 * @param {number} outcome @param {number} reason @param {string} text @param {number} [code]
 * @returns {JackfieldError} */
export function errorOf(outcome: number, reason: number, text: string, code?: number | undefined): JackfieldError;
/** @param {string} text */
export function misuse(text: string): JackfieldError;
/** @param {string} what */
export function closed(what: string): JackfieldError;
/** What went wrong, with the numbers of gRPC. A handler may fail with any of them. */
export const Code: Readonly<{
    OK: 0;
    CANCELLED: 1;
    UNKNOWN: 2;
    INVALID_ARGUMENT: 3;
    DEADLINE_EXCEEDED: 4;
    NOT_FOUND: 5;
    ALREADY_EXISTS: 6;
    PERMISSION_DENIED: 7;
    RESOURCE_EXHAUSTED: 8;
    FAILED_PRECONDITION: 9;
    ABORTED: 10;
    OUT_OF_RANGE: 11;
    UNIMPLEMENTED: 12;
    INTERNAL: 13;
    UNAVAILABLE: 14;
    DATA_LOSS: 15;
    UNAUTHENTICATED: 16;
}>;
/** What became of a call. */
export const Outcome: Readonly<{
    /** The handler ran, and chose the code itself. */
    ANSWERED: 0;
    /** Nothing happened: it can be made again, or must be changed. */
    REFUSED: 1;
    /** It is known not to have run. */
    FAILED: 2;
    /** It may have run. */
    IN_DOUBT: 3;
}>;
/** Why it did not end with an answer. */
export const Reason: Readonly<{
    NONE: 0;
    BACK_PRESSURE: 1;
    TOO_LARGE: 2;
    PERMISSION: 3;
    VERSION: 4;
    DEADLOCK: 5;
    RESOURCE: 6;
    PEER_DIED: 7;
    CANCELLED: 8;
    UNREACHABLE: 9;
    DEADLINE: 10;
    UNKNOWN_METHOD: 11;
    CORRUPT: 12;
    MISUSE: 13;
    CLOSED: 14;
}>;
/**
 * Everything that this package throws of its own: a code, an outcome, a reason, and a text.
 *
 * A handler throws one to fail its call:
 * `throw new JackfieldError(Code.NOT_FOUND, "no such order")`.
 */
export class JackfieldError extends Error {
    /**
     * @param {number} code one of Code
     * @param {string} text a sentence, which travels as far as 4,096 bytes of it
     * @param {number} [outcome] one of Outcome
     * @param {number} [reason] one of Reason
     */
    constructor(code: number, text: string, outcome?: number | undefined, reason?: number | undefined);
    code: number;
    text: string;
    outcome: number;
    reason: number;
}
/** Nothing happened: the call can be made again, or must be changed. */
export class Refused extends JackfieldError {
}
/** The call is known not to have run. */
export class Failed extends JackfieldError {
}
/** The call may have run: is doing it twice harmless? */
export class InDoubt extends JackfieldError {
}
