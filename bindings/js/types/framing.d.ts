export class Framing {
    /**
     * @param {(from: Buffer, at: number) => number} check the length of the frame whose header is
     *   there; less than 0: there is none, and nothing more is read
     * @param {(frame: Buffer, owned: boolean) => void} take owned: nobody else writes to its memory
     */
    constructor(check: (from: Buffer, at: number) => number, take: (frame: Buffer, owned: boolean) => void);
    check: (from: Buffer, at: number) => number;
    take: (frame: Buffer, owned: boolean) => void;
    stopped: boolean;
    /** A frame of which a part has come, or its header. @type {Buffer | undefined} */
    partial: Buffer | undefined;
    partialBytes: number;
    stop(): void;
    /** @param {Buffer} chunk */
    read(chunk: Buffer): void;
    /** Adds to the frame that has come in part. Returns: how much. @param {Buffer} chunk
     * @param {number} at */
    fill(chunk: Buffer, at: number): number;
}
