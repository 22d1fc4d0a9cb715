// How things end: codes, outcomes and reasons, and the errors that bear them. The same words and
// numbers as in C++ (kernel/base/outcome.h) and Python.

/** What went wrong, with the numbers of gRPC. A handler may fail with any of them. */
export const Code = Object.freeze({
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
});

/** What became of a call. */
export const Outcome = Object.freeze({
  /** The handler ran, and chose the code itself. */
  ANSWERED: 0,
  /** Nothing happened: it can be made again, or must be changed. */
  REFUSED: 1,
  /** It is known not to have run. */
  FAILED: 2,
  /** It may have run. */
  IN_DOUBT: 3,
});

/** Why it did not end with an answer. */
export const Reason = Object.freeze({
  NONE: 0,
  BACK_PRESSURE: 1,
  TOO_LARGE: 2,
  PERMISSION: 3,
  VERSION: 4,
  DEADLOCK: 5,
  RESOURCE: 6,
  PEER_DIED: 7,
  CANCELLED: 8,
  UNREACHABLE: 9,
  DEADLINE: 10,
  UNKNOWN_METHOD: 11,
  CORRUPT: 12,
  MISUSE: 13,
  CLOSED: 14,
});

const NAMES = Object.entries(Code);

/** "NOT_FOUND" of 5. @param {number} code @returns {string} */
export function nameOfCode(code) {
  return NAMES.find(([, number]) => number === code)?.[0] ?? `code ${code}`;
}

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
  constructor(code, text, outcome = Outcome.ANSWERED, reason = Reason.NONE) {
    super(`${nameOfCode(code)}: ${text}`);
    this.name = new.target.name;
    this.code = code;
    this.text = text;
    this.outcome = outcome;
    this.reason = reason;
  }
}

/** Nothing happened: the call can be made again, or must be changed. */
export class Refused extends JackfieldError {}

/** The call is known not to have run. */
export class Failed extends JackfieldError {}

/** The call may have run: is doing it twice harmless? */
export class InDoubt extends JackfieldError {}

const CODE_OF_REASON = [2, 8, 3, 7, 9, 9, 8, 14, 1, 14, 4, 12, 15, 9, 14];

/** The error of that outcome. code: if not said, the one that goes with the reason.
 * @param {number} outcome @param {number} reason @param {string} text @param {number} [code]
 * @returns {JackfieldError} */
export function errorOf(outcome, reason, text, code) {
  const Kind = [JackfieldError, Refused, Failed, InDoubt][outcome & 3] ?? JackfieldError;
  return new Kind(code ?? CODE_OF_REASON[reason] ?? Code.UNKNOWN, text, outcome, reason);
}

/** @param {string} text */
export function misuse(text) {
  return errorOf(Outcome.REFUSED, Reason.MISUSE, text);
}

/** @param {string} what */
export function closed(what) {
  return errorOf(Outcome.REFUSED, Reason.CLOSED, `the ${what} is closed`);
}
