// Frames out of a stream of bytes: one after another, each filled to a multiple of 8.

import { filled, HEADER_BYTES, MAGIC } from "./frame.js";

export class Framing {
  /**
   * @param {(from: Buffer, at: number) => number} check the length of the frame whose header is
   *   there; less than 0: there is none, and nothing more is read
   * @param {(frame: Buffer, owned: boolean) => void} take owned: nobody else writes to its memory
   */
  constructor(check, take) {
    this.check = check;
    this.take = take;
    this.stopped = false;
    /** A frame of which a part has come, or its header. @type {Buffer | undefined} */
    this.partial = undefined;
    this.partialBytes = 0;
  }

  stop() {
    this.stopped = true;
    this.partial = undefined;
  }

  /** @param {Buffer} chunk */
  read(chunk) {
    for (let at = 0; at < chunk.length && !this.stopped;) {
      if (this.partial === undefined) {
        const left = chunk.length - at;
        // What is no frame is known by its first byte; the rest of it may never come.
        const whole = left >= HEADER_BYTES || chunk[at] !== MAGIC;
        const bytes = whole ? this.check(chunk, at) : 0;
        if (bytes < 0) return;
        if (bytes > 0 && filled(bytes) <= left) {
          this.take(chunk.subarray(at, at + bytes), false);
          at += filled(bytes);
          continue;
        }
        this.partial = Buffer.allocUnsafe(bytes === 0 ? HEADER_BYTES : filled(bytes));
        this.partialBytes = 0;
      }
      at += this.fill(chunk, at);
    }
  }

  /** Adds to the frame that has come in part. Returns: how much. @param {Buffer} chunk
   * @param {number} at */
  fill(chunk, at) {
    const partial = /** @type {Buffer} */ (this.partial);
    const copied = chunk.copy(partial, this.partialBytes, at);
    this.partialBytes += copied;
    if (this.partialBytes < partial.length) return copied;
    const bytes = this.check(partial, 0);
    if (bytes < 0) return copied;
    if (filled(bytes) > partial.length) { // it was the header
      this.partial = Buffer.allocUnsafe(filled(bytes));
      partial.copy(this.partial);
      return copied;
    }
    this.partial = undefined;
    this.take(partial.subarray(0, bytes), true);
    return copied;
  }
}
