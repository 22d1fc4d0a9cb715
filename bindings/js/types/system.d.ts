/**
 * @param {string} process its name @param {Map<string, Buffer>} schemas by interface
 * @param {(name: string) => string[]} methodsOf
 * @returns {Record<string, (request: import("./request.js").Request) => Buffer>}
 */
export function systemHandlers(process: string, schemas: Map<string, Buffer>, methodsOf: (name: string) => string[]): Record<string, (request: import("./request.js").Request) => Buffer>;
/** @param {string} name */
export function buildGetRequest(name: string): Buffer;
/** The schema in an answer. Throws JackfieldError (DATA_LOSS). @param {Buffer} reply */
export function readGetReply(reply: Buffer): Buffer;
export const GET: "jackfield.sys.Schema/Get";
export namespace SYSTEM {
    export let name: string;
    export { SYSTEM_SCHEMA as bfbs };
}
export function interfaceOf(method: string): string;
export function shortName(method: string): string;
import { SYSTEM_SCHEMA } from "./system_schema.js";
