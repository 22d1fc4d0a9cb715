// JavaScript and the others: the C++ greeter, `jackfield call`, Python; over unix and TCP; what
// becomes of a call when either end is killed; a wiring. Its programs are named by the environment:
// JACKFIELD, GREET, and JACKFIELD_LIBRARY and PYTHONPATH for Python.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Channel, Code, InDoubt, Schema, serve } from "../src/index.js";

const here = dirname(fileURLToPath(import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "jackfield-js-"));
const JACKFIELD = process.env["JACKFIELD"];
const GREET = process.env["GREET"];
const GREETER = join(here, "greeter.js");
const GUARD_MS = 60_000;
const skip = JACKFIELD !== undefined && GREET !== undefined ? false
  : "JACKFIELD and GREET name no programs";
const env = { ...process.env, XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: directory };
const places = [`unix:${directory}/a.sock`, `unix:@js-${process.pid}`];
const run = promisify(execFile);
const children = new Set();

/** @param {string} program @param {string[]} words */
function start(program, words) {
  const child = spawn(program, words, { env, stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  child.ended = new Promise((done) => child.on("exit", (code, signal) => done(code ?? signal)));
  return child;
}

const jackfield = async (...words) => (await run(resolve(JACKFIELD), words,
  { env, cwd: directory, timeout: GUARD_MS })).stdout;

const connected = async (address) => {
  const channel = new Channel(address, { connectMs: GUARD_MS, timeoutMs: GUARD_MS, name: "test" });
  await channel.ready();
  return channel;
};

const PYTHON = `
import sys, time, jackfield
def count(request):
    stream = request.stream()
    for i in range(5):
        stream.try_write(b"%d" % i)
    return b"done"
with jackfield.Node("py") as node:
    node.serve(sys.argv[1], {"py.Echo/Say": lambda r: r.payload, "py.Echo/Count": count,
                             "py.Echo/Hold": lambda r: r.hold()})
    node.run()
`;

describe("JavaScript and others", { skip }, () => {
  after(async () => {
    await jackfield("down", `js${process.pid}`).catch(() => {}); // where a test has failed
    for (const child of children) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  it("calls a service in C++, by the schema that it serves", async () => {
    for (const at of places) {
      const child = start(resolve(GREET), ["--serve", at]);
      const channel = await connected(at);
      const schema = await Schema.fetch(channel, "greet.Greeter");
      const greeter = schema.client(channel, "greet.Greeter");
      assert.deepEqual(await greeter.Greet({ name: "Ada" }), { text: "hello Ada" });
      await assert.rejects(channel.call("greet.Greeter/Greet", randomBytes(9)),
        (why) => why.code === Code.INVALID_ARGUMENT);
      child.kill("SIGTERM");
      await channel.close();
      assert.equal(await child.ended, 0);
    }
  });

  it("is called by `jackfield call`, and listed by `jackfield ls`", async () => {
    const bfbs = new Schema((await schemaOfGreeter()));
    for (const at of [...places, "tcp://127.0.0.1:0"]) {
      const port = await serve(at, {}, { name: "js" });
      bfbs.serve(port, "greet.Greeter", { Greet: (person) => ({ text: `hello ${person.name}` }) });
      const [address] = port.addresses;
      assert.match(await jackfield("call", "-q", address, "Greet", '{"name":"Ada"}'),
        /\{"text": "hello Ada"\}/);
      assert.match(await jackfield("ls", address), /greet.Greeter\/Greet/);
      await port.close();
    }
  });

  async function schemaOfGreeter() {
    const child = start(resolve(GREET), ["--serve", places[0]]);
    const channel = await connected(places[0]);
    const { bfbs } = await Schema.fetch(channel, "greet.Greeter");
    child.kill("SIGTERM");
    await channel.close();
    await child.ended;
    return bfbs;
  }

  it("calls and streams from Python, and Python calls it", {
    skip: process.env["JACKFIELD_LIBRARY"] ? false : "JACKFIELD_LIBRARY is not set" }, async () => {
    for (const at of places) {
      const child = start("python3", ["-c", PYTHON, at]);
      const channel = await connected(at);
      const large = randomBytes((1 << 20) - 4096);
      assert.ok((await channel.call("py.Echo/Say", large)).equals(large));
      const stream = channel.stream("py.Echo/Count");
      const items = [];
      for await (const item of stream) items.push(String(item));
      assert.deepEqual(items, ["0", "1", "2", "3", "4"]);
      assert.equal(String(await stream.finish()), "done");
      await assert.rejects(channel.call("py.Echo/Hold", undefined, { timeoutMs: 20 }), InDoubt);
      const held = channel.call("py.Echo/Hold");
      await channel.call("py.Echo/Say");
      child.kill("SIGKILL");
      await assert.rejects(held, (why) => why instanceof InDoubt && why.code === Code.UNAVAILABLE);
      await channel.close(0);
    }
    const port = await serve(places, { "js.Echo/Say": (request) => request.payload,
      "js.Echo/Count": async (request) => {
        for (let i = 0; i < 300; ++i) await request.stream().write(Buffer.from(`${i}`));
        return Buffer.alloc(0);
      } });
    for (const at of port.addresses) {
      const { stdout } = await run("python3", ["-c", `
import sys, jackfield
with jackfield.Node("py") as node:
    channel = node.connect(sys.argv[1])
    large = bytes(1000000)
    assert channel.call("js.Echo/Say", large, timeout=60) == large
    with channel.stream("js.Echo/Count") as stream:
        print(len(list(stream)))
        stream.finish()
    try:
        channel.call("js.Echo/Nope")
    except jackfield.Refused as why:
        print(why.reason.name)
`, at], { env, timeout: GUARD_MS });
      assert.equal(stdout, "300\nUNKNOWN_METHOD\n");
    }
    await port.close();
  });

  it("is a service of a wiring: it is called, killed, started again and stopped", {
    timeout: 2 * GUARD_MS }, async () => {
    writeFileSync(join(directory, "greet.bfbs"), await schemaOfGreeter());
    writeFileSync(join(directory, "js.toml"), `jackfield = 1
name = "js${process.pid}"
over = "unix:"
[service.greeter]
run = ["${process.execPath}", "${GREETER}", "greet"]
serve = ["unix:${directory}/w.sock"]
restart = "on-failure"
[service.ask]
run = ["${process.execPath}", "${GREETER}", "ask", "Ada", "Ben"]
calls = ["greeter"]
`);
    await jackfield("up", "-d", "./js.toml");
    const channel = await connected(`unix:${directory}/w.sock`);
    const pid = async () => Number(await channel.call("js.Test/Pid"));
    const first = await pid();
    process.kill(first, "SIGKILL");
    let second = first;
    while (second === first) second = await pid().catch(() => first);
    await channel.close();
    const wiring = `js${process.pid}`;
    while (!/greeter +ready/.test(await jackfield("ps", wiring)));
    while (!/hello Ada[^]*hello Ben/.test(await jackfield("logs", "--wiring", wiring)));
    await jackfield("down", wiring);
  });
});
