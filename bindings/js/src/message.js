// Messages by a schema: objects to bytes and back.
//
// | in the schema | in JavaScript |
// |---|---|
// | integers to 32 bits, floats | number |
// | long, ulong | bigint; numbers and digits in a string are taken, too |
// | enum | the value's name, or the number if it has none; of bit_flags "Read Run" |
// | [ubyte], [byte] | Buffer; any Uint8Array or list of numbers is taken |
// | union x | x_type: the name, and x |
//
// What is not there is not in the object, but for numbers, which then have their default. A union
// of structs or strings, and a list of unions, are refused (UNIMPLEMENTED).

import { Code, JackfieldError } from "./errors.js";
import { Builder, bytesAt, follow, listCount, reading, Table } from "./flat.js";
import { Base, SCALAR_BYTES } from "./reflection.js";

/** @typedef {import("./reflection.js").Field} Field */
/** @typedef {import("./reflection.js").Shape} Shape */
/** @typedef {import("./reflection.js").Type} Type */
/** @typedef {import("./reflection.js").Reflection} Reflection */
/** @typedef {Record<string, any>} Message */

const DEPTH_MAX = 64;           // tables in tables
const TABLES_MAX = 1_000_000;   // of a message

/** @param {number} code @param {string} text @returns {never} */
function refuse(code, text) {
  throw new JackfieldError(code, text);
}

/** @type {((b: Buffer, at: number) => number | bigint | boolean)[]} */
const READERS = [
  () => 0, (b, at) => b.readUInt8(at), (b, at) => b.readUInt8(at) !== 0, (b, at) => b.readInt8(at),
  (b, at) => b.readUInt8(at), (b, at) => b.readInt16LE(at), (b, at) => b.readUInt16LE(at),
  (b, at) => b.readInt32LE(at), (b, at) => b.readUInt32LE(at), (b, at) => b.readBigInt64LE(at),
  (b, at) => b.readBigUInt64LE(at), (b, at) => b.readFloatLE(at), (b, at) => b.readDoubleLE(at),
];

/** @type {((b: Buffer, at: number, value: any) => unknown)[]} */
const WRITERS = [
  () => 0, (b, at, v) => b.writeUInt8(v, at), (b, at, v) => b.writeUInt8(v ? 1 : 0, at),
  (b, at, v) => b.writeInt8(v, at), (b, at, v) => b.writeUInt8(v, at),
  (b, at, v) => b.writeInt16LE(v, at), (b, at, v) => b.writeUInt16LE(v, at),
  (b, at, v) => b.writeInt32LE(v, at), (b, at, v) => b.writeUInt32LE(v, at),
  (b, at, v) => b.writeBigInt64LE(v, at), (b, at, v) => b.writeBigUInt64LE(v, at),
  (b, at, v) => b.writeFloatLE(v, at), (b, at, v) => b.writeDoubleLE(v, at),
];

/** @param {number} base */
const isLong = (base) => base === Base.Long || base === Base.ULong;
/** @param {number} base */
const isReal = (base) => base === Base.Float || base === Base.Double;
/** @param {number} base */
const isBytes = (base) => base === Base.UByte || base === Base.Byte;

/** One message that is read. */
class Reading {
  /** @param {Reflection} reflection @param {Buffer} buffer */
  constructor(reflection, buffer) {
    this.reflection = reflection;
    this.buffer = buffer;
    this.tables = 0;
  }

  /** @param {Table} table @param {number} index @param {number} depth @returns {Message} */
  table(table, index, depth) {
    if (depth > DEPTH_MAX || ++this.tables > TABLES_MAX) throw new RangeError("too deep, too many");
    /** @type {Message} */
    const message = {};
    for (const field of this.shape(index).fields) {
      if (field.deprecated) continue;
      const at = table.field(field.id);
      const value = at === 0 ? this.missing(field) : this.value(field, table, at, depth);
      if (value !== undefined) message[field.name] = value;
    }
    return message;
  }

  /** @param {number} index */
  shape(index) {
    return /** @type {Shape} */ (this.reflection.shapes[index]);
  }

  /** @param {Field} field */
  missing({ type, required, optional, defaultInteger, defaultReal }) {
    if (required) throw new RangeError("a required field is missing");
    if (optional || type.base > Base.Double || type.base === Base.UType) return undefined;
    if (isReal(type.base)) return defaultReal;
    if (type.base === Base.Bool) return defaultInteger !== 0n;
    if (type.index >= 0) return this.nameOf(type.index, defaultInteger);
    if (type.base === Base.ULong) return BigInt.asUintN(64, defaultInteger);
    return type.base === Base.Long ? defaultInteger : Number(defaultInteger);
  }

  /** @param {Field} field @param {Table} table @param {number} at @param {number} depth */
  value({ type, id }, table, at, depth) {
    if (type.base === Base.Union) return this.union(type, table.u8(id - 1), at, depth);
    if (type.base === Base.Vector) return this.list(type, follow(this.buffer, at), depth);
    return this.element(type.base, type.index, at, depth);
  }

  /** @param {number} base @param {number} index @param {number} at @param {number} depth
   * @returns {any} */
  element(base, index, at, depth) {
    if (base === Base.String) return bytesAt(this.buffer, follow(this.buffer, at)).toString();
    if (base === Base.Obj) {
      return this.shape(index).isStruct ? this.struct(index, at, depth + 1)
        : this.table(new Table(this.buffer, follow(this.buffer, at)), index, depth + 1);
    }
    const read = READERS[base];
    if (read === undefined) return refuse(Code.UNIMPLEMENTED, "a list of unions is not read here");
    const value = read(this.buffer, at);
    return index < 0 || typeof value === "boolean" ? value : this.nameOf(index, BigInt(value));
  }

  /** @param {Type} type @param {number} start @param {number} depth */
  list({ element, index }, start, depth) {
    if (isBytes(element) && index < 0) return Buffer.from(bytesAt(this.buffer, start));
    const struct = element === Base.Obj && this.shape(index).isStruct;
    const bytes = struct ? this.shape(index).bytes : SCALAR_BYTES[element] ?? 4;
    const count = listCount(this.buffer, start, bytes);
    if ((this.tables += count) > TABLES_MAX && !SCALAR_BYTES[element])
      throw new RangeError("too many");
    return Array.from({ length: count },
      (_, i) => this.element(element, index, start + 4 + i * bytes, depth));
  }

  /** @param {number} index @param {number} at @param {number} depth @returns {Message} */
  struct(index, at, depth) {
    if (depth > DEPTH_MAX) throw new RangeError("too deep"); // a struct of a peer's holds itself
    /** @type {Message} */
    const message = {};
    for (const { name, type, offset } of this.shape(index).fields) {
      if (type.base !== Base.Array) {
        message[name] = this.element(type.base, type.index, at + offset, depth);
        continue;
      }
      const bytes = type.element === Base.Obj ? this.shape(type.index).bytes
        : SCALAR_BYTES[type.element] ?? 0;
      message[name] = Array.from({ length: type.fixedLength }, (_, i) =>
        this.element(type.element, type.index, at + offset + i * bytes, depth));
    }
    return message;
  }

  /** @param {Type} type @param {number} kind @param {number} at @param {number} depth */
  union(type, kind, at, depth) {
    const of = this.reflection.enums[type.index]?.types.get(BigInt(kind));
    if (kind === 0 || of === undefined) return undefined; // newer than this schema
    if (of.base !== Base.Obj || this.shape(of.index).isStruct)
      return refuse(Code.UNIMPLEMENTED, "a union of structs or strings is not read here");
    return this.element(Base.Obj, of.index, at, depth);
  }

  /** @param {number} index @param {bigint} value */
  nameOf(index, value) {
    const found = this.reflection.enums[index];
    const name = found?.names.get(value);
    if (name !== undefined || found === undefined || !found.bitFlags || value <= 0n)
      return name ?? (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
        ? Number(value) : value);
    const names = [...found.names].filter(([bit]) => bit !== 0n && (value & bit) === bit);
    const known = names.reduce((sum, [bit]) => sum | bit, 0n);
    return known === value ? names.map(([, one]) => one).join(" ") : Number(value);
  }
}

/** One message that is built; the path of what is being built, for sentences. */
class Building {
  /** @param {Reflection} reflection */
  constructor(reflection) {
    this.reflection = reflection;
    this.builder = new Builder();
    /** @type {string[]} */
    this.path = [];
  }

  /** @param {string} why @returns {never} */
  wrong(why) {
    return refuse(Code.INVALID_ARGUMENT, `${this.path.join(".") || "the message"}: ${why}`);
  }

  /** @param {number} index */
  shape(index) {
    return /** @type {Shape} */ (this.reflection.shapes[index]);
  }

  /** @param {any} message @param {number} index */
  fieldsOf(message, index) {
    const { fields, name } = this.shape(index);
    if (typeof message !== "object" || message === null || Array.isArray(message))
      this.wrong(`it is an object, a ${name}`);
    for (const key of Object.keys(message)) {
      if (!fields.some((field) => field.name === key && !field.deprecated))
        this.wrong(`${name} has no field ${key}; it has ${fields.map((f) => f.name).join(", ")}`);
    }
    return fields;
  }

  /** @template T @param {string} name @param {() => T} build */
  within(name, build) {
    this.path.push(name);
    if (this.path.length > DEPTH_MAX) this.wrong(`more than ${DEPTH_MAX} within each other`);
    const built = build();
    this.path.pop();
    return built;
  }

  /** @param {any} message @param {number} index @returns {number} */
  table(message, index) {
    const fields = this.fieldsOf(message, index);
    /** @type {Map<number, number>} */
    const parts = new Map(); // what is pointed to comes first
    const given = fields.filter((field) => message[field.name] !== undefined &&
      message[field.name] !== null);
    const missing = fields.find((field) => field.required && !given.includes(field));
    if (missing !== undefined) this.wrong(`it needs ${missing.name}`);
    for (const field of given) {
      const part = this.within(field.name, () => this.part(field, message));
      if (part !== 0) parts.set(field.id, part);
    }
    this.builder.startTable();
    for (const field of [...given].reverse()) {
      const part = parts.get(field.id);
      if (part !== undefined) this.builder.reference(field.id, part);
      else this.within(field.name, () => this.inline(field, message[field.name]));
    }
    return this.builder.endTable();
  }

  /** Where a string, list or table is; 0: it lies in the table itself.
   * @param {Field} field @param {Message} message */
  part({ type, name, alignment }, message) {
    const value = message[name];
    switch (type.base) {
      case Base.String:
        return this.string(value);
      case Base.Vector:
        return this.list(type, value, alignment);
      case Base.Obj:
        return this.shape(type.index).isStruct ? 0 : this.table(value, type.index);
      case Base.Union:
        return this.union(type, value, message[`${name}_type`]);
      default:
        return 0;
    }
  }

  /** @param {Field} field @param {any} value */
  inline({ type, id }, value) {
    const { builder } = this;
    if (type.base === Base.Obj) {
      const { bytes, alignment } = this.shape(type.index);
      builder.prepare(alignment, bytes);
      builder.head -= bytes;
      this.struct(value, type.index, builder.buffer, builder.head);
    } else {
      const at = builder.place(SCALAR_BYTES[type.base] ?? 1);
      this.scalar(type.base, type.index, value, builder.buffer, at);
    }
    builder.slot(id);
  }

  /** @param {any} value */
  string(value) {
    return typeof value === "string" ? this.builder.string(value) : this.wrong("it is a string");
  }

  /** @param {Type} type @param {any} value @param {number} forced */
  list({ element, index }, value, forced) {
    if (isBytes(element) && value instanceof Uint8Array) return this.builder.bytes(value, forced);
    if (!Array.isArray(value)) return this.wrong("it is a list");
    const each = (/** @type {(one: any) => number} */ build) => this.builder.offsets(
      value.map((one, i) => this.within(`${i}`, () => build(one))));
    if (element === Base.String) return each((one) => this.string(one));
    if (element === Base.Obj && !this.shape(index).isStruct)
      return each((one) => this.table(one, index));
    const struct = element === Base.Obj ? this.shape(index) : undefined;
    const bytes = struct?.bytes ?? SCALAR_BYTES[element];
    if (!bytes) return refuse(Code.UNIMPLEMENTED, "a list of unions is not written here");
    const alignment = Math.max(struct?.alignment ?? bytes, forced);
    return this.builder.list(value.length, bytes, alignment, (i, at) => this.within(`${i}`, () => {
      if (struct !== undefined) this.struct(value[i], index, this.builder.buffer, at);
      else this.scalar(element, index, value[i], this.builder.buffer, at);
    }));
  }

  /** @param {any} value @param {number} index @param {Buffer} to @param {number} at */
  struct(value, index, to, at) {
    for (const { name, type, offset } of this.fieldsOf(value, index)) {
      const of = value[name];
      if (of === undefined) this.wrong(`it needs ${name}`);
      const many = type.base === Base.Array;
      if (many && (!Array.isArray(of) || of.length !== type.fixedLength))
        this.wrong(`${name} is a list of ${type.fixedLength}`);
      const base = many ? type.element : type.base;
      const bytes = base === Base.Obj ? this.shape(type.index).bytes : SCALAR_BYTES[base] ?? 0;
      for (const [i, one] of (many ? of : [of]).entries()) {
        this.within(name, () => base === Base.Obj
          ? this.struct(one, type.index, to, at + offset + i * bytes)
          : this.scalar(base, type.index, one, to, at + offset + i * bytes));
      }
    }
  }

  /** @param {Type} type @param {any} value @param {any} kind */
  union(type, value, kind) {
    const union = this.reflection.enums[type.index];
    const of = union?.types.get(union.values.get(kind) ?? -1n);
    if (of === undefined || kind === "NONE")
      return this.wrong(`its _type is one of ${[...union?.values.keys() ?? []].join(", ")}`);
    if (of.base !== Base.Obj || this.shape(of.index).isStruct)
      return refuse(Code.UNIMPLEMENTED, "a union of structs or strings is not written here");
    return this.table(value, of.index);
  }

  /** @param {number} base @param {number} index @param {any} value @param {Buffer} to
   * @param {number} at */
  scalar(base, index, value, to, at) {
    let number = index >= 0 && typeof value === "string" ? this.numberOf(index, value) : value;
    try {
      if (isLong(base)) number = BigInt(number);
      else if (typeof number === "bigint") number = Number(number);
      const fits = base === Base.Bool ? typeof number === "boolean"
        : isLong(base) ||
          (typeof number === "number" && (isReal(base) || Number.isInteger(number)));
      if (fits) return void WRITERS[base]?.(to, at, number);
    } catch (why) {
      if (!(why instanceof RangeError || why instanceof SyntaxError || why instanceof TypeError))
        throw why;
    }
    return this.wrong(`${typeof value} ${String(value)} does not fit`);
  }

  /** @param {number} index @param {string} text */
  numberOf(index, text) {
    const found = this.reflection.enums[index];
    return text.split(" ").reduce((sum, name) => {
      const value = found?.values.get(name);
      if (value === undefined) return this.wrong(`${found?.name} has no ${name}; it has ` +
        [...found?.values.keys() ?? []].join(", "));
      return sum | value;
    }, 0n);
  }
}

/** Throws JackfieldError (INVALID_ARGUMENT), with the path to what does not fit.
 * @param {Reflection} reflection @param {number} index @param {Message} message
 * @returns {Buffer} */
export function build(reflection, index, message) {
  const building = new Building(reflection);
  return building.builder.finish(building.table(message, index));
}

/** Throws JackfieldError (DATA_LOSS). @param {Reflection} reflection @param {number} index
 * @param {Buffer} bytes @param {string} what of sentences @returns {Message} */
export function read(reflection, index, bytes, what) {
  return reading(what, () => new Reading(reflection, bytes).table(Table.root(bytes), index, 0));
}
