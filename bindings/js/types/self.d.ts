/** This process, for all its channels and ports. */
export const EPOCH: bigint;
export function ownName(): string;
