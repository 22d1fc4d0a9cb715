/** Throws JackfieldError (INVALID_ARGUMENT), with the path to what does not fit.
 * @param {Reflection} reflection @param {number} index @param {Message} message
 * @returns {Buffer} */
export function build(reflection: Reflection, index: number, message: Message): Buffer;
/** Throws JackfieldError (DATA_LOSS). @param {Reflection} reflection @param {number} index
 * @param {Buffer} bytes @param {string} what of sentences @returns {Message} */
export function read(reflection: Reflection, index: number, bytes: Buffer, what: string): Message;
export type Field = import("./reflection.js").Field;
export type Shape = import("./reflection.js").Shape;
export type Type = import("./reflection.js").Type;
export type Reflection = import("./reflection.js").Reflection;
export type Message = Record<string, any>;
