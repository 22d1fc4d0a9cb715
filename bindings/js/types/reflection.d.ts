/** Throws JackfieldError (INVALID_ARGUMENT, DATA_LOSS).
 * @param {Buffer} bfbs @returns {Reflection} */
export function reflect(bfbs: Buffer): Reflection;
/** FlatBuffers' base types. */
export const Base: Readonly<{
    None: 0;
    UType: 1;
    Bool: 2;
    Byte: 3;
    UByte: 4;
    Short: 5;
    UShort: 6;
    Int: 7;
    UInt: 8;
    Long: 9;
    ULong: 10;
    Float: 11;
    Double: 12;
    String: 13;
    Vector: 14;
    Obj: 15;
    Union: 16;
    Array: 17;
}>;
/** Bytes of a scalar of each base type. */
export const SCALAR_BYTES: number[];
export type Type = {
    base: number;
    element: number;
    index: number;
    fixedLength: number;
};
export type Field = {
    name: string;
    id: number;
    /**
     * of a struct's
     */
    offset: number;
    type: Type;
    defaultInteger: bigint;
    defaultReal: number;
    deprecated: boolean;
    required: boolean;
    optional: boolean;
    /**
     * of the elements of a list, by force_align
     */
    alignment: number;
};
/**
 * a table or struct
 */
export type Shape = {
    name: string;
    fields: Field[];
    isStruct: boolean;
    alignment: number;
    bytes: number;
};
/**
 * or the kinds of a union
 */
export type Enum = {
    name: string;
    bitFlags: boolean;
    names: Map<bigint, string>;
    values: Map<string, bigint>;
    /**
     * of a union's
     */
    types: Map<bigint, Type>;
};
export type Method = {
    /**
     * in full
     */
    name: string;
    /**
     * an index of shapes
     */
    request: number;
    reply: number;
    attributes: Map<string, string>;
};
export type Reflection = {
    shapes: Shape[];
    enums: Enum[];
    methods: Method[];
};
