export const SYSTEM_SCHEMA: Buffer;
