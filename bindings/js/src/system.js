// The interface jackfield.sys.Schema, which tells what a process serves (schemas/sys.fbs).

import { Code, JackfieldError } from "./errors.js";
import { Builder, reading, Table } from "./flat.js";
import { fnv64, typeOf } from "./frame.js";
import { SYSTEM_SCHEMA } from "./system_schema.js";

const LIST = "jackfield.sys.Schema/List";
export const GET = "jackfield.sys.Schema/Get";
export const SYSTEM = { name: "jackfield.sys.Schema", bfbs: SYSTEM_SCHEMA };

/** "greet.Greeter" of "greet.Greeter/Greet". @param {string} method */
export const interfaceOf = (method) => method.slice(0, Math.max(0, method.lastIndexOf("/")));

/** @param {string} method */
export const shortName = (method) => method.slice(method.lastIndexOf("/") + 1);

/**
 * @param {string} process its name @param {Map<string, Buffer>} schemas by interface
 * @param {(name: string) => string[]} methodsOf
 * @returns {Record<string, (request: import("./request.js").Request) => Buffer>}
 */
export function systemHandlers(process, schemas, methodsOf) {
  return {
    [LIST]: () => buildList(process, schemas, methodsOf),
    [GET]: (request) => {
      const name = reading(`${GET}: the request`, () => Table.root(request.payload).text(0) ?? "");
      const bfbs = schemas.get(name);
      if (bfbs !== undefined) return buildGetReply(bfbs);
      throw new JackfieldError(Code.NOT_FOUND,
        `${process} has no interface "${name}"; it has ${[...schemas.keys()].join(", ")}`);
    },
  };
}

/** @param {string} process @param {Map<string, Buffer>} schemas
 * @param {(name: string) => string[]} methodsOf */
function buildList(process, schemas, methodsOf) {
  const builder = new Builder(1024);
  const interfaces = [...schemas].map(([name, bfbs]) => {
    const methods = methodsOf(name).map((method) => {
      const text = builder.string(shortName(method));
      builder.startTable();
      builder.u32(1, typeOf(method));
      builder.reference(0, text);
      return builder.endTable();
    });
    const list = builder.offsets(methods);
    const text = builder.string(name);
    builder.startTable();
    builder.u64(1, fnv64(bfbs));
    builder.reference(2, list);
    builder.reference(0, text);
    return builder.endTable();
  });
  const list = builder.offsets(interfaces);
  const text = builder.string(process);
  builder.startTable();
  builder.reference(1, list);
  builder.reference(0, text);
  return builder.finish(builder.endTable());
}

/** @param {Buffer} bfbs */
function buildGetReply(bfbs) {
  const builder = new Builder(bfbs.length + 64);
  const schema = builder.bytes(bfbs, 8);
  builder.startTable();
  builder.u64(0, fnv64(bfbs));
  builder.reference(1, schema);
  return builder.finish(builder.endTable());
}

/** @param {string} name */
export function buildGetRequest(name) {
  const builder = new Builder(64);
  const text = builder.string(name);
  builder.startTable();
  builder.reference(0, text);
  return builder.finish(builder.endTable());
}

/** The schema in an answer. Throws JackfieldError (DATA_LOSS). @param {Buffer} reply */
export function readGetReply(reply) {
  return reading(`${GET}: its answer`, () => Table.root(reply).bytes(1) ?? Buffer.alloc(0));
}
