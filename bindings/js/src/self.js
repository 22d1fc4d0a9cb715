// This process, as its peers know it.

import { randomBytes } from "node:crypto";
import { basename } from "node:path";

/** This process, for all its channels and ports. */
export const EPOCH = randomBytes(8).readBigUInt64LE() | 1n;

export const ownName = () => basename(process.argv[1] ?? "node").replace(/\.[cm]?js$/, "");
