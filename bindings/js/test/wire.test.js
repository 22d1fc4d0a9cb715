// The bytes, as docs/WIRE.md has them, and what becomes of bytes that are not so.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import net from "node:net";
import { after, before, describe, it } from "node:test";

import { buildFailure, buildHello, buildWelcome, readFailure, readHello, readRefuse, readWelcome }
  from "../src/control.js";
import { extensionIsSound, filled, fnv64, Kind, readHeader, typeOf, unitsOf, writeHeader }
  from "../src/frame.js";
import { bearerOf, Gate, makeBadge, readKey, sipHash } from "../src/gate.js";
import { grantsOfCommandLine, readGrants } from "../src/grants.js";
import { Code, Reason, serve } from "../src/index.js";

const GREETING = { epoch: 7n, frameBytesMax: 1 << 20, windowUnits: 2048, streamItems: 64,
  name: "me" };

describe("a frame", () => {
  it("has the bytes that docs/WIRE.md says", () => {
    const frame = Buffer.alloc(48);
    writeHeader(frame, 0x1234, { kind: Kind.Request, flags: 1, priority: 3, type: 0xaabbccdd,
      callId: 5, budgetUs: 9 }, 0x1122334455667788n, 6, 7, 8);
    assert.equal(frame.toString("hex"), "4a010401" + "34120000" + "03000000" + "ddccbbaa" +
      "0500000000000000" + "8877665544332211" + "06000000" + "07000000" + "09000000" + "08000000");
  });

  it("keeps ids of calls that no number can hold", () => {
    const frame = Buffer.alloc(48);
    for (const callId of [1, 2 ** 40, 2n ** 63n + 1n]) {
      writeHeader(frame, 48, { kind: Kind.Reply, callId }, 0n, 1, 0, 0);
      assert.equal(readHeader(frame).callId, callId);
    }
  });

  it("costs a unit, and one for each full 4,096 bytes", () => {
    assert.deepEqual([48, 4095, 4096, 8192].map(unitsOf), [1, 1, 2, 3]);
    assert.deepEqual([48, 49, 56].map(filled), [48, 56, 56]);
  });

  it("has the number of its method, FNV-1a", () => {
    assert.equal(typeOf(""), 0x811c9dc5);
    assert.equal(typeOf("a"), 0xe40c292c);
    assert.equal(fnv64(Buffer.from("a")), 0xaf63dc4c8601ec8cn);
  });

  it("may have an extension that is skipped, and none that must be understood", () => {
    assert.ok(extensionIsSound(Buffer.from("0300040001020304", "hex")));
    assert.ok(!extensionIsSound(Buffer.from("0380040001020304", "hex")));
    assert.ok(!extensionIsSound(Buffer.from("0300ff0001020304", "hex")));
  });
});

describe("the control tables", () => {
  it("are read as they are written", () => {
    assert.deepEqual(readHello(buildHello({ ...GREETING, badge: "me:00" })),
      { ...GREETING, versionMin: 1, versionMax: 1, badge: "me:00" });
    assert.deepEqual(readWelcome(buildWelcome(GREETING)), GREETING);
    assert.deepEqual(readFailure(buildFailure(1, 2, "why")),
      { outcome: 1, reason: 2, text: "why" });
  });

  it("lose only their text where they cannot be read, or cannot be at all", () => {
    for (let n = 0; n < 2000; ++n) {
      const bytes = randomBytes(n % 97);
      readRefuse(bytes);
      readFailure(bytes);
      try {
        readHello(bytes);
      } catch (why) {
        assert.ok(why instanceof RangeError, String(why));
      }
    }
  });

  it("cut a text where a character begins", () => {
    const { text } = readFailure(buildFailure(0, 0, "x" + "é".repeat(4096)));
    assert.equal(text, "x" + "é".repeat(2047));
  });
});

describe("a service that is sent garbage", () => {
  let port;
  let address;
  before(async () => {
    port = await serve("tcp://127.0.0.1:0", { "a.B/C": (request) => request.payload },
      { name: "b" });
    address = { host: "127.0.0.1", port: Number(port.addresses[0].split(":").at(-1)) };
  });
  after(() => port.close());

  /** What is answered until it hangs up. @param {Buffer[]} parts */
  const answerTo = (...parts) => new Promise((resolve) => {
    const socket = net.connect(address, () => parts.forEach((part) => socket.write(part)));
    const got = [];
    socket.on("data", (data) => got.push(data));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(got)));
  });
  const frame = (out, payload = Buffer.alloc(0), epoch = 0n, sequence = 0, grant = 2048) => {
    const bytes = 48 + payload.length;
    const built = Buffer.alloc(filled(bytes));
    writeHeader(built, bytes, out, epoch, sequence, 0, grant);
    built.set(payload, 48);
    return built;
  };
  const hello = frame({ kind: Kind.Hello }, buildHello(GREETING));

  it("hangs up on what is no frame", async () => {
    for (const bytes of [Buffer.from("GET / HTTP/1.1\r\n\r\n"), randomBytes(4096).fill(0, 0, 1)])
      assert.equal((await answerTo(bytes)).length, 0);
  });

  it("refuses another version, and another stack of shims, with a sentence", async () => {
    const other = Buffer.from(hello);
    other[1] = 9;
    const piece = Buffer.from(hello);
    piece[2] = 0x40;
    for (const [bytes, words] of [[other, /this service speaks 1, the other end 9/],
      [piece, /speaks without shims, and the other end with fragment\+/]]) {
      const answer = await answerTo(bytes);
      assert.equal(answer[2], Kind.Refuse);
      const { reason, text } = readRefuse(answer.subarray(48));
      assert.equal(reason, Reason.VERSION);
      assert.match(text, words);
    }
  });

  it("ends the session of who breaks a rule", async () => {
    const epoch = await new Promise((resolve) => {
      const socket = net.connect(address, () => socket.write(hello));
      socket.on("data", (data) => {
        socket.destroy();
        resolve(readWelcome(data.subarray(48)).epoch);
      });
    });
    const request = { kind: Kind.Request, type: typeOf("a.B/C"), callId: 1 };
    const large = frame(request, Buffer.alloc(0), epoch, 1);
    large.writeUInt32LE(0x7fffffff, 4);
    const withFds = frame(request, Buffer.alloc(0), epoch, 1);
    withFds[11] = 1;
    const ack = frame({ kind: Kind.Ack }, Buffer.alloc(0), epoch);
    ack.writeUInt32LE(5, 36);
    for (const bad of [frame(request, Buffer.alloc(0), epoch, 2), large, withFds, ack,
      frame({ kind: Kind.Ack }, Buffer.alloc(0), epoch, 0, 0x7fffffff),
      frame({ kind: Kind.Closed }, Buffer.alloc(0), epoch), randomBytes(100).fill(0, 0, 1)]) {
      const answer = await answerTo(hello, bad);
      assert.equal(answer[2], Kind.Welcome);
    }
  });

  it("drops what is meant for another instance, and a frame may come byte by byte", async () => {
    const socket = net.connect({ ...address, noDelay: true });
    const stale = frame({ kind: Kind.Request, type: 1, callId: 1 }, Buffer.alloc(0), 12345n, 1);
    socket.write(hello);
    socket.write(stale);
    for (const byte of frame({ kind: Kind.Ack })) socket.write(Buffer.from([byte]));
    const first = await new Promise((resolve) => socket.once("data", resolve));
    const { epoch } = readWelcome(first.subarray(48));
    const request = frame({ kind: Kind.Request, type: typeOf("a.B/C"), callId: 1 },
      Buffer.from("whole"), epoch, 1);
    for (const byte of request) socket.write(Buffer.from([byte]));
    const reply = await new Promise((resolve) => socket.once("data", resolve));
    assert.equal(reply[2], Kind.Reply);
    assert.equal(String(reply.subarray(48, 53)), "whole");
    socket.destroy();
  });

  it("survives a thousand mutants of good frames", async () => {
    const good = Buffer.concat([hello, frame({ kind: Kind.Request, type: typeOf("a.B/C"),
      callId: 1 }, Buffer.from("x"), 0n, 1)]);
    for (let n = 0; n < 50; ++n) {
      const mutants = Array.from({ length: 20 }, () => {
        const mutant = Buffer.from(good);
        const [at, bit] = randomBytes(2);
        mutant[at % mutant.length] ^= 1 << (bit & 7);
        return new Promise((resolve) => {
          const socket = net.connect(address, () => socket.end(mutant));
          socket.on("error", () => {});
          socket.on("close", resolve);
          socket.resume();
        });
      });
      await Promise.all(mutants);
    }
    assert.equal((await answerTo(Buffer.from("x".repeat(48)))).length, 0);
  });
});

describe("who may call", () => {
  const KEY = "000102030405060708090a0b0c0d0e0f";

  it("is told by SipHash-2-4, as its authors' test has it", () => {
    const key = readKey("07060504030201000f0e0d0c0b0a0908");
    assert.equal(sipHash(key, Buffer.from([...Array(15).keys()])), 0xa129ca6149be45e5n);
  });

  it("is who shows a badge of the service's key, for as much as the rules say", () => {
    const key = readKey(KEY);
    const badge = makeBadge(key, "orders");
    assert.equal(bearerOf(key, badge), "orders");
    for (const forged of ["", "orders", "orders:0", badge.replace("orders", "admin"), `x${badge}`])
      assert.equal(bearerOf(key, forged), "");
    const gate = new Gate("stock", [{ what: "*", who: "orders" },
      { what: "s.Stock/Drop", who: "admin" }], KEY);
    const peer = { name: "me", caller: "orders" };
    assert.deepEqual(gate.admit(peer, badge), { caller: "orders" });
    assert.match(gate.admit(peer, "").refusal, /stock admits orders; admin for s.Stock\/Drop, not/);
    assert.equal(gate.whyNot(peer, "s.Stock/Take"), undefined);
    assert.equal(gate.whyNot({ name: "", caller: "orders.2" }, "s.Stock/Take"), undefined);
    assert.match(gate.whyNot(peer, "s.Stock/Drop"), /may be called by admin, not by orders/);
  });

  it("cannot be told of users, so a service with such rules is not served", () => {
    assert.throws(() => new Gate("stock", [{ what: "*", who: "uid:1000" }], KEY),
      /stock is to admit "uid:1000", and a program in JavaScript cannot tell users/);
  });
});

describe("grants", () => {
  it("are read, in the environment and on the command line", () => {
    const grants = readGrants("name a\nserve unix:@a\ncall kv=kv.1 unix:@kv\nbadge a:00\n" +
      "allow * b\nkey 00\ngrace 500ms\nlimit memory 1MiB\ncontrol unix:@c\n");
    assert.deepEqual(grants, { name: "a", serves: ["unix:@a"], graceMs: 500, key: "00", args: [],
      calls: [{ role: "kv", server: "kv.1", address: "unix:@kv", badge: "a:00" }],
      allows: [{ what: "*", who: "b" }] });
    const by = grantsOfCommandLine(["--serve", "unix:@a", "--call", "kv=unix:@kv", "--", "x"], "a");
    assert.deepEqual([by.serves, by.calls[0].role, by.args], [["unix:@a"], "kv", ["x"]]);
  });

  it("that cannot be read are named", () => {
    for (const text of ["nonsense 1", "badge x", "call kv", "grace 2"])
      assert.throws(() => readGrants(text), (why) => why.code === Code.INVALID_ARGUMENT);
    assert.throws(() => grantsOfCommandLine(["--srve", "x"], "a"), /cannot read "--srve"/);
  });
});
