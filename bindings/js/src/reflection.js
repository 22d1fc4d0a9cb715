// What a binary schema (.bfbs) says, as plain objects. A peer's schema may be any bytes: every
// index is checked here, once.

import { Code, JackfieldError } from "./errors.js";
import { reading, Table } from "./flat.js";

/** FlatBuffers' base types. */
export const Base = Object.freeze({
  None: 0, UType: 1, Bool: 2, Byte: 3, UByte: 4, Short: 5, UShort: 6, Int: 7, UInt: 8, Long: 9,
  ULong: 10, Float: 11, Double: 12, String: 13, Vector: 14, Obj: 15, Union: 16, Array: 17,
});

/** Bytes of a scalar of each base type. */
export const SCALAR_BYTES = [0, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8];

// Limits for one schema (services/reflection/checks.h).
const SCHEMA_BYTES_MAX = 1 << 20;
const TYPES_MAX = 4096;
const ALIGNMENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const PARTS_MAX = 64 << 10;     // fields, values of enums, methods and attributes, of all of it

/**
 * @typedef {{ base: number, element: number, index: number, fixedLength: number }} Type
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {number} id
 * @property {number} offset of a struct's
 * @property {Type} type
 * @property {bigint} defaultInteger
 * @property {number} defaultReal
 * @property {boolean} deprecated
 * @property {boolean} required
 * @property {boolean} optional
 * @property {number} alignment of the elements of a list, by force_align
 *
 * @typedef {object} Shape a table or struct
 * @property {string} name
 * @property {Field[]} fields
 * @property {boolean} isStruct
 * @property {number} alignment
 * @property {number} bytes
 *
 * @typedef {object} Enum or the kinds of a union
 * @property {string} name
 * @property {boolean} bitFlags
 * @property {Map<bigint, string>} names
 * @property {Map<string, bigint>} values
 * @property {Map<bigint, Type>} types of a union's
 *
 * @typedef {object} Method
 * @property {string} name in full
 * @property {number} request an index of shapes
 * @property {number} reply
 * @property {Map<string, string>} attributes
 *
 * @typedef {{ shapes: Shape[], enums: Enum[], methods: Method[] }} Reflection
 */

/** @param {boolean} holds @param {string} why */
function must(holds, why) {
  if (!holds) throw new JackfieldError(Code.INVALID_ARGUMENT, `the schema ${why}`);
}

/** @param {Table} table @param {number} id */
function i64(table, id) {
  const at = table.field(id);
  return at === 0 ? 0n : table.buffer.readBigInt64LE(at);
}

class Reader {
  /** @param {Table} root */
  constructor(root) {
    this.root = root;
    this.parts = 0;
  }

  /** The tables of a list, counted. @param {Table} table @param {number} id */
  list(table, id) {
    const found = table.tables(id);
    this.parts += found.length;
    must(this.parts <= PARTS_MAX, `has more than ${PARTS_MAX} parts`);
    return found;
  }

  /** @param {Table} table @param {number} id */
  attributes(table, id) {
    return new Map(this.list(table, id).map((one) => [one.text(0) ?? "", one.text(1) ?? ""]));
  }

  /** @param {Table | undefined} table @returns {Type} */
  type(table) {
    if (table === undefined) return { base: Base.None, element: 0, index: -1, fixedLength: 0 };
    const at = table.field(3);
    return { base: table.u8(0), element: table.u8(1), index: table.i32(2, -1),
      fixedLength: at === 0 ? 0 : table.buffer.readUInt16LE(at) };
  }

  /** @param {Table} table @returns {Field} */
  field(table) {
    const u16 = (/** @type {number} */ id) => {
      const at = table.field(id);
      return at === 0 ? 0 : table.buffer.readUInt16LE(at);
    };
    const real = table.field(5);
    const attributes = this.attributes(table, 9);
    const alignment = Number(attributes.get("force_align") ?? 1);
    must(ALIGNMENTS.includes(alignment), "has a force_align that is none");
    return { name: table.text(0) ?? "", id: u16(2), offset: u16(3), type: this.type(table.table(1)),
      defaultInteger: i64(table, 4), defaultReal: real === 0 ? 0 : table.buffer.readDoubleLE(real),
      deprecated: table.u8(6) !== 0, required: table.u8(7) !== 0, optional: table.u8(11) !== 0,
      alignment };
  }

  /** @param {Table} table @returns {Shape} */
  shape(table) {
    const fields = this.list(table, 1).map((field) => this.field(field));
    fields.sort((a, b) => a.id - b.id); // a .bfbs has them by name
    return { name: table.text(0) ?? "", fields, isStruct: table.u8(2) !== 0,
      alignment: table.i32(3, 1), bytes: table.i32(4) };
  }

  /** @param {Table} table @returns {Enum} */
  enumOf(table) {
    /** @type {Enum} */
    const found = { name: table.text(0) ?? "", names: new Map(), values: new Map(),
      types: new Map(), bitFlags: this.attributes(table, 4).has("bit_flags") };
    for (const value of this.list(table, 1)) {
      const number = i64(value, 1);
      found.names.set(number, value.text(0) ?? "");
      found.values.set(value.text(0) ?? "", number);
      found.types.set(number, this.type(value.table(3)));
    }
    return found;
  }

  /** @returns {Reflection} */
  read() {
    const objects = this.list(this.root, 0);
    const enums = this.list(this.root, 1);
    must(objects.length + enums.length <= TYPES_MAX, `has more than ${TYPES_MAX} types`);
    const places = new Map(objects.map((object, i) => [object.at, i]));
    /** @type {Method[]} */
    const methods = [];
    for (const service of this.list(this.root, 5)) {
      for (const call of this.list(service, 1)) {
        const [request, reply] = [1, 2].map((id) => places.get(call.table(id)?.at ?? -1));
        must(request !== undefined && reply !== undefined, "has a method without messages");
        methods.push({ name: `${service.text(0)}/${call.text(0)}`,
          request: /** @type {number} */ (request), reply: /** @type {number} */ (reply),
          attributes: this.attributes(call, 3) });
      }
    }
    const read = { shapes: objects.map((object) => this.shape(object)),
      enums: enums.map((one) => this.enumOf(one)), methods };
    check(read);
    return read;
  }
}

/** Does every index lead somewhere, and every struct lie in itself?
 * @param {Reflection} reflection */
function check({ shapes, enums }) {
  /** @param {number} base @param {number} index */
  const leads = (base, index) => base === Base.Obj ? shapes[index] !== undefined
    : base === Base.Union ? enums[index] !== undefined
      : index < 0 || enums[index] !== undefined;
  for (const { types } of enums) {
    for (const { base, index } of types.values())
      must(base !== Base.Obj || shapes[index] !== undefined, "has a union of no type");
  }
  for (const [i, shape] of shapes.entries()) {
    must(shape.bytes >= 0 && shape.bytes <= 0xffff, "has a struct that is too large");
    must(ALIGNMENTS.includes(shape.alignment), "has an alignment that is none");
    for (const { type, name, offset } of shape.fields) {
      const many = type.base === Base.Vector || type.base === Base.Array;
      must(leads(many ? type.element : type.base, type.index), `has a field ${name} of no type`);
      const inner = many ? type.element : type.base;
      if (!shape.isStruct) continue;
      // A struct holds only structs that come before it, by size: so none holds itself.
      const holds = inner === Base.Obj ? shapes[type.index] : undefined;
      const bytes = holds !== undefined ? holds.bytes : SCALAR_BYTES[inner] ?? 0;
      must(bytes > 0 && (holds === undefined || (holds.isStruct && holds !== shapes[i])),
        `has a struct with a field ${name} that none can have`);
      must(offset + bytes * (type.base === Base.Array ? type.fixedLength : 1) <= shape.bytes,
        `has a struct that its field ${name} leads out of`);
    }
  }
}

/** Throws JackfieldError (INVALID_ARGUMENT, DATA_LOSS).
 * @param {Buffer} bfbs @returns {Reflection} */
export function reflect(bfbs) {
  must(bfbs.length <= SCHEMA_BYTES_MAX,
    `has ${bfbs.length} bytes; ${SCHEMA_BYTES_MAX} are the most`);
  return reading("the schema", () => {
    must(bfbs.toString("latin1", 4, 8) === "BFBS", "is no binary schema (flatc -b --schema)");
    return new Reader(Table.root(bfbs)).read();
  });
}
