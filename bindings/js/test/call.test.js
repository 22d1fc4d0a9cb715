// Calls, streams and ends, both ends in this process: over a path, an abstract name and TCP.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { Channel, Code, InDoubt, JackfieldError, Outcome, Reason, Refused, serve }
  from "../src/index.js";

const ECHO = "js.Echo/Say";
const never = () => new Promise(() => {});
const quiet = { log: () => {} };

/** @param {string} directory */
const places = (directory) => [`unix:${directory}/echo.sock`, "unix:", "tcp://127.0.0.1:0"];

for (const i of [0, 1, 2]) {
  describe(`over ${["a path", "an abstract name", "tcp"][i]}`, () => {
    const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
    const heard = [];
    let port;
    let channel;
    let finished = 0;

    before(async () => {
      port = await serve(places(directory)[i], {
        [ECHO]: (request) => request.payload,
        "js.Echo/Later": async (request) => request.payload,
        "js.Echo/Fail": () => { throw new JackfieldError(Code.NOT_FOUND, "no such order: 7"); },
        "js.Echo/Divide": async () => { throw new TypeError("not so"); },
        "js.Echo/Forget": () => {},
        "js.Echo/Hold": (request) => new Promise((resolve) => {
          request.signal.addEventListener("abort", () => { ++finished; resolve(Buffer.alloc(0)); });
        }),
        "js.Echo/Hear": (request) => { heard.push(String(request.payload)); },
        "js.Echo/Who": (request) => Buffer.from(JSON.stringify({ ...request.peer,
          left: request.remainingMs })),
        "js.Echo/Count": async (request) => {
          const stream = request.stream();
          for (let n = 0; n < 1000; ++n) await stream.write(Buffer.from(`${n}`));
          return Buffer.from("done");
        },
        "js.Echo/Chat": async (request) => {
          let sum = 0;
          for await (const item of request.stream()) {
            sum += Number(item);
            await request.stream().write(Buffer.from(`${sum}`));
          }
          return Buffer.from(`${sum}`);
        },
      }, { name: "echo", ...quiet });
      channel = new Channel(port.addresses[0], { name: "test" });
      await channel.ready();
    });

    after(async () => {
      await channel.close();
      await port.close();
      rmSync(directory, { recursive: true });
    });

    it("answers a call", async () => {
      assert.equal(String(await channel.call(ECHO, Buffer.from("hello"))), "hello");
      assert.equal(String(await channel.call("js.Echo/Later", new Uint8Array([65]))), "A");
      assert.equal((await channel.call(ECHO)).length, 0);
    });

    it("carries a megabyte whole, and refuses what no frame can hold", async () => {
      const large = randomBytes(1 << 20);
      assert.ok((await channel.call(ECHO, large)).equals(large));
      await assert.rejects(channel.call(ECHO, Buffer.alloc(17 << 20)),
        (why) => why instanceof Refused && why.reason === Reason.TOO_LARGE);
    });

    it("answers more calls than the window has units", async () => {
      const answers = await Promise.all(Array.from({ length: 5000 },
        (_, n) => channel.call(ECHO, Buffer.from(`${n}`), { timeoutMs: 60_000 })));
      assert.deepEqual(answers.map(Number), Array.from({ length: 5000 }, (_, n) => n));
    });

    it("hands the handler's error to the caller", async () => {
      await assert.rejects(channel.call("js.Echo/Fail"), (why) => why.code === Code.NOT_FOUND &&
        why.outcome === Outcome.ANSWERED && why.message === "NOT_FOUND: no such order: 7");
      await assert.rejects(channel.call("js.Echo/Divide"), (why) => why.code === Code.INTERNAL &&
        why.text === "js.Echo/Divide: TypeError: not so");
      await assert.rejects(channel.call("js.Echo/Forget"),
        /the handler returned without an answer/);
    });

    it("names the methods that there are to who calls another one", async () => {
      await assert.rejects(channel.call("js.Echo/Nope"), (why) => why instanceof Refused &&
        why.reason === Reason.UNKNOWN_METHOD && why.text.includes("js.Echo/Later"));
    });

    it("leaves a call in doubt whose deadline has passed, and tells the handler", async () => {
      const before = finished;
      await assert.rejects(channel.call("js.Echo/Hold", undefined, { timeoutMs: 20 }),
        (why) => why instanceof InDoubt && why.code === Code.DEADLINE_EXCEEDED);
      while (finished === before) await channel.call(ECHO);
      await assert.rejects(channel.call(ECHO, undefined, { timeoutMs: 0 }), Refused);
    });

    it("tells the handler when the caller gives up", async () => {
      const before = finished;
      const abort = new AbortController();
      const call = channel.call("js.Echo/Hold", undefined, { signal: abort.signal });
      await channel.call(ECHO);
      abort.abort();
      await assert.rejects(call,
        (why) => why instanceof InDoubt && why.reason === Reason.CANCELLED);
      while (finished === before) await channel.call(ECHO);
      await assert.rejects(channel.call(ECHO, undefined, { signal: abort.signal }), Refused);
    });

    it("tells the handler who calls, and how long they wait", async () => {
      const who = JSON.parse(String(await channel.call("js.Echo/Who", undefined,
        { timeoutMs: 60_000 })));
      assert.equal(who.name, "test");
      assert.ok(who.left > 0 && who.left <= 60_000);
      if (i === 1) assert.equal(who.uid, process.getuid());
    });

    it("brings the items of a stream in order, however many, and then the answer", async () => {
      const stream = channel.stream("js.Echo/Count");
      let n = 0;
      for await (const item of stream) assert.equal(Number(item), n++);
      assert.equal(n, 1000);
      assert.equal(String(await stream.finish()), "done");
    });

    it("streams both ways", async () => {
      const stream = channel.stream("js.Echo/Chat");
      for (let n = 1; n <= 200; ++n) {
        await stream.write(Buffer.from(`${n}`));
        assert.equal(Number(await stream.read()), n * (n + 1) / 2);
      }
      assert.equal(String(await stream.finish()), "20100");
    });

    it("does not let one unread stream hold up calls", async () => {
      const stream = channel.stream("js.Echo/Count");
      await stream.read();
      assert.equal(String(await channel.call(ECHO, Buffer.from("on"))), "on");
      for await (const item of stream) if (String(item) === "10") break;
      await assert.rejects(stream.finish(), (why) => why.reason === Reason.CANCELLED);
    });

    it("is a caller's mistake to call a stream plainly", async () => {
      await assert.rejects(channel.call("js.Echo/Count"),
        (why) => why.code === Code.INVALID_ARGUMENT && /is a stream/.test(why.text));
    });

    it("counts what was handled in the receipt", async () => {
      const other = new Channel(port.addresses[0]);
      for (let n = 0; n < 10; ++n) await other.send("js.Echo/Hear", Buffer.from(`${n}`));
      assert.deepEqual(await other.close(60_000),
        { handled: 10, delivered: 0, undelivered: 0, inDoubt: 0 });
      assert.deepEqual(heard, Array.from({ length: 10 }, (_, n) => `${n}`));
      await assert.rejects(other.call(ECHO), (why) => why.reason === Reason.CLOSED);
    });

    it("keeps requests beyond handlersMax waiting, and runs them in order", async () => {
      const seen = [];
      const small = await serve("unix:", { "js.One/Run": async (request) => {
        seen.push(String(request.payload));
        await new Promise(setImmediate);
        return request.payload;
      } }, { handlersMax: 1 });
      const caller = new Channel(small.addresses[0]);
      await Promise.all([1, 2, 3, 4].map((n) => caller.call("js.One/Run", Buffer.from(`${n}`))));
      assert.deepEqual(seen, ["1", "2", "3", "4"]);
      await caller.close();
      await small.close();
    });
  });
}

describe("the end of a service", () => {
  it("answers what is under way, and its client goes on with the next instance", async () => {
    const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
    const at = `unix:${directory}/echo.sock`;
    let answer = () => {};
    const first = await serve(at, { [ECHO]: () => Buffer.from("1"),
      "js.Echo/Slow": () => new Promise((resolve) => {
        answer = () => resolve(Buffer.from("slow"));
      }) });
    const channel = new Channel(at);
    const slow = channel.call("js.Echo/Slow");
    assert.equal(String(await channel.call(ECHO)), "1");
    const closing = first.close(60_000);
    const second = await serve(at, { [ECHO]: () => Buffer.from("2") });
    // A call that was on its way when the first one said goodbye is still answered by it.
    while (String(await channel.call(ECHO, undefined, { timeoutMs: 60_000 })) !== "2");
    answer();
    assert.equal(String(await slow), "slow");
    await closing;
    await channel.close();
    await second.close();
    rmSync(directory, { recursive: true });
  });

  it("keeps who calls waiting until there is a service", async () => {
    const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
    const at = `unix:${directory}/echo.sock`;
    const channel = new Channel(at, { connectMs: 60_000 });
    const call = channel.call(ECHO, undefined, { timeoutMs: 60_000 });
    const port = await serve(at, { [ECHO]: () => Buffer.from("at last") });
    assert.equal(String(await call), "at last");
    await channel.close();
    await port.close();
    rmSync(directory, { recursive: true });
  });

  it("is said to who calls where nobody serves", async () => {
    const channel = new Channel("unix:/nowhere/echo.sock", { connectMs: 20 });
    await assert.rejects(channel.call(ECHO), (why) => why.reason === Reason.UNREACHABLE &&
      why.outcome === Outcome.REFUSED && why.text.includes("/nowhere/echo.sock"));
    await assert.rejects(channel.ready(), /unix:\/nowhere/);
    await channel.close();
  });

  it("does not take a place that another process serves", async () => {
    const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
    const at = `unix:${directory}/echo.sock`;
    const port = await serve(at, {});
    await assert.rejects(serve(at, {}), /is served by another process/);
    await port.close();
    rmSync(directory, { recursive: true });
  });
});

describe("misuse", () => {
  it("is refused with what helps", async () => {
    assert.throws(() => new Channel("shm:kv"), /speaks over unix: and tcp:, not over shm:/);
    assert.throws(() => new Channel("unix:kv.sock"), /named by its whole path/);
    assert.throws(() => new Channel("unix:"), /a client needs to know where/);
    assert.throws(() => new Channel("tcp://example.org:1"), /say \?plain/);
    assert.throws(() => new Channel("tcp://127.0.0.1:99999"), /a port is/);
    assert.throws(() => new Channel("unix:@x?typ=stream"), /there is no typ here/);
    const port = await serve("unix:", { [ECHO]: never });
    assert.throws(() => port.handle(ECHO, never), /has a handler already/);
    const channel = new Channel(port.addresses[0]);
    await assert.rejects(channel.call(ECHO, /** @type {any} */ ("text")), /a message is bytes/);
    await channel.close();
    await port.close();
  });
});
