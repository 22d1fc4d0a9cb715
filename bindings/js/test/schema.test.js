// Messages by a schema: what is read is what was written, and no bytes lead out of themselves.
// Needs flatc.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Code, JackfieldError, MethodKind, Schema } from "../src/index.js";
import { SYSTEM_SCHEMA } from "../src/system_schema.js";

const TEXT = `
namespace t;
attribute "streaming"; attribute "one_way";
enum Colour : ubyte { Red, Green }
enum Rights : ushort (bit_flags) { Read, Write }
struct Point { x: float; y: float; }
struct Box { corner: Point; sides: [ushort:2]; colour: Colour; }
table Leaf { name: string (required); }
union Thing { Leaf, All }
table All {
  flag: bool = true; small: byte; large: ulong = 7; real: double = 0.5; maybe: int = null;
  colour: Colour = Green; rights: Rights; text: string; box: Box; leaf: Leaf; thing: Thing;
  bytes: [ubyte] (force_align: 16); longs: [long]; texts: [string]; points: [Point];
  leaves: [Leaf]; colours: [Colour];
}
rpc_service Kind { Echo(All): All; Note(Leaf): Leaf (one_way);
  Watch(Leaf): All (streaming: "server"); }
`;
const FULL = {
  flag: false, small: -3, large: 2n ** 63n, real: -1.25, maybe: 5, colour: "Red",
  rights: "Read Write", text: "é", leaf: { name: "a" }, thing_type: "Leaf", thing: { name: "b" },
  box: { corner: { x: 1, y: 2 }, sides: [3, 4], colour: "Green" }, bytes: Buffer.from([1, 2]),
  longs: [-1n, 2n ** 62n], texts: ["", "x"], points: [{ x: 0, y: -1 }, { x: 0.5, y: 8 }],
  leaves: [{ name: "c" }, { name: "d" }], colours: ["Red", 9],
};
const ECHO = "t.Kind/Echo";

function flatcIsThere() {
  try {
    execFileSync("flatc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a schema", { skip: flatcIsThere() ? false : "there is no flatc here" }, () => {
  const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
  const path = join(directory, "t.fbs");
  writeFileSync(path, TEXT);
  const schema = flatcIsThere() ? Schema.load(path) : undefined;

  it("tells its methods, and what goes and comes", () => {
    assert.deepEqual([...schema.methods], [[ECHO, MethodKind.CALL],
      ["t.Kind/Note", MethodKind.ONE_WAY], ["t.Kind/Watch", MethodKind.SERVER_STREAM]]);
    assert.throws(() => schema.methodsOf("t.Kin"), /has no interface t.Kin; it has t.Kind/);
  });

  it("makes bytes of an object, and the same object of the bytes", () => {
    const { thing_type: kind, ...read } = schema.unpack(ECHO, schema.pack(ECHO, FULL));
    assert.equal(kind, "Leaf");
    const { thing_type: _, ...wanted } = FULL;
    assert.deepEqual(read, wanted);
  });

  it("makes the bytes that flatc reads", () => {
    const file = join(directory, "m.bin");
    writeFileSync(file, schema.pack(ECHO, { ...FULL, colours: ["Red"] }));
    writeFileSync(join(directory, "r.fbs"), `${TEXT} root_type All;`);
    execFileSync("flatc", ["--json", "--strict-json", "--raw-binary", "-o", directory,
      join(directory, "r.fbs"), "--", file]);
    assert.ok(existsSync(join(directory, "m.json")));
  });

  it("gives numbers that are not there their defaults", () => {
    const { flag, large, real, colour, maybe, text } = schema.unpack(ECHO, schema.pack(ECHO, {}));
    assert.deepEqual([flag, large, real, colour, maybe, text],
      [true, 7n, 0.5, "Green", undefined, undefined]);
  });

  it("says what does not fit, and where", () => {
    for (const [message, words] of [[{ small: 300 }, /small: number 300 does not fit/],
      [{ leaf: {} }, /leaf: it needs name/], [{ nme: 1 }, /All has no field nme; it has flag/],
      [{ text: 5 }, /text: it is a string/], [{ colour: "Blue" }, /has no Blue; it has Red, Green/],
      [{ points: [{ x: 1 }] }, /points.0: it needs y/], [{ longs: 1 }, /longs: it is a list/],
      [{ thing: {} }, /thing: its _type is one of NONE, Leaf, All/]]) {
      assert.throws(() => schema.pack(ECHO, message), (why) => why.code === Code.INVALID_ARGUMENT &&
        words.test(why.text), JSON.stringify(message));
    }
  });

  it("is not led out of a message by any bytes", () => {
    const good = schema.pack(ECHO, FULL);
    let refused = 0;
    for (let n = 0; n < 5000; ++n) {
      const bytes = Buffer.from(good);
      const [place, more, value] = randomBytes(3);
      bytes[(place * 256 + more) % bytes.length] = value;
      try {
        schema.unpack(ECHO, n % 2 === 0 ? bytes : bytes.subarray(0, place));
      } catch (why) {
        assert.ok(why instanceof JackfieldError, String(why?.stack));
        ++refused;
      }
    }
    assert.ok(refused > 0);
  });

  it("is itself not believed", () => {
    for (let n = 0; n < 3000; ++n) {
      const bytes = Buffer.from(schema.bfbs);
      const [place, more, value] = randomBytes(3);
      bytes[(place * 256 + more) % bytes.length] = value;
      try {
        new Schema(bytes).unpack(ECHO, schema.pack(ECHO, FULL));
      } catch (why) {
        assert.ok(why instanceof JackfieldError, String(why?.stack));
      }
    }
    assert.throws(() => new Schema(Buffer.from("no schema")), /is no binary schema/);
  });

  it("of the system is what flatc makes of sys.fbs", (t) => {
    const sys = [process.env["SYS_FBS"], join(dirname(fileURLToPath(import.meta.url)),
      "../../../schemas/sys.fbs")].find((one) => one !== undefined && existsSync(one));
    if (sys === undefined) return t.skip("there is no schemas/sys.fbs here");
    const made = Schema.load(sys);
    assert.deepEqual(made.methods, new Schema(SYSTEM_SCHEMA).methods);
    rmSync(directory, { recursive: true });
  });
});
