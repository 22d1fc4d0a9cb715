// Services: programs of a wiring.

import { closeSync, writeSync } from "node:fs";

import { Channel } from "./channel.js";
import { Code, JackfieldError } from "./errors.js";
import { Gate } from "./gate.js";
import { grantsOfCommandLine, readGrants } from "./grants.js";
import { serve } from "./port.js";
import { ownName } from "./self.js";

/** @typedef {import("./pending.js").ChannelOptions} ChannelOptions */
/** @typedef {import("./port.js").Port} Port */

const USAGE = `usage: PROGRAM [--name NAME] [--serve ADDRESS]… [--call ROLE=ADDRESS]… [--grace 2s]
               [--allow [METHOD=]WHO]… [-- ARGS…]
`;
const EXIT_USAGE = 2;
const EXIT_STOPPED = 130;

/** What `main` of runService gets: its name, args and roles, its channels and its port. */
export class Service {
  /** @param {import("./grants.js").Grants} grants @param {(addresses: string[]) => void} onReady */
  constructor(grants, onReady) {
    this._grants = grants;
    this._onReady = onReady;
    this._abort = new AbortController();
    /** @type {Channel[]} */
    this._channels = [];
    /** @type {Port[]} */
    this._ports = [];
    this._wasRefusedAGrant = false;
    this._lost = false;
  }

  get name() {
    return this._grants.name;
  }

  get args() {
    return this._grants.args;
  }

  /** The roles that it was granted, each once. @returns {string[]} */
  get roles() {
    return [...new Set(this._grants.calls.map((call) => call.role))];
  }

  /** Aborted when it is asked to stop (SIGTERM, SIGINT, stop()). @returns {AbortSignal} */
  get signal() {
    return this._abort.signal;
  }

  /** Asks it to stop. */
  stop() {
    this._abort.abort();
  }

  /** @param {string} role */
  _granted(role) {
    const name = role === "" && this.roles.length === 1 ? this.roles[0] : role;
    const found = this._grants.calls.filter((call) => call.role === name);
    if (found.length > 0) return found;
    this._wasRefusedAGrant = true;
    throw new JackfieldError(Code.PERMISSION_DENIED, `${this.name} may not call "${role}"; it ` +
      `may call ${this.roles.join(", ") || "nobody"}  try: calls = { ${role || "ROLE"} = ` +
      `"unix:" } under [service.${this.name}] in the wiring file, or --call ${role || "ROLE"}=ADDRESS`);
  }

  /** @param {import("./grants.js").GrantedCall} call @param {ChannelOptions} options */
  _open(call, options) {
    const channel = new Channel(call.address,
      { name: this.name, ...(call.badge === "" ? {} : { badge: call.badge }), ...options });
    this._channels.push(channel);
    return channel;
  }

  /**
   * A channel to whoever the wiring put into that role; "": the only one. Throws:
   * PERMISSION_DENIED, with the entry that is missing.
   * @param {string} [role] @param {ChannelOptions} [options] @returns {Channel}
   */
  connect(role = "", options = {}) {
    const [first, second] = this._granted(role);
    if (first === undefined || second !== undefined) {
      throw new JackfieldError(Code.FAILED_PRECONDITION,
        `the role "${role}" of ${this.name} has many servers; connectAll("${role}") opens a ` +
        "channel to each");
    }
    return this._open(first, options);
  }

  /** A channel to each server of a role that has several (instances = 3), by its name.
   * @param {string} role @param {ChannelOptions} [options] @returns {Map<string, Channel>} */
  connectAll(role, options = {}) {
    return new Map(this._granted(role).map((call) =>
      [call.server || call.address, this._open(call, options)]));
  }

  /**
   * A port at every address that the wiring gave; then the service is ready.
   * @param {Record<string, import("./port.js").Handler>} [handlers]
   * @param {import("./port.js").PortOptions} [options] @returns {Promise<Port>}
   */
  async serve(handlers = {}, options = {}) {
    const { serves, allows, key } = this._grants;
    if (serves.length === 0) {
      this._wasRefusedAGrant = true;
      throw new JackfieldError(Code.FAILED_PRECONDITION, `${this.name} is given no address to ` +
        "serve at: no service of the wiring calls it and it has no line serve = …, or --serve " +
        "ADDRESS is missing");
    }
    const gate = allows.length === 0 ? undefined : new Gate(this.name, allows, key || undefined);
    const port = await serve(serves, handlers, { name: this.name, ...(gate && { gate }), ...options,
      log: (text) => this._log(text) });
    this._ports.push(port);
    this.ready(port.addresses);
    return port;
  }

  /** @param {string} text */
  _log(text) {
    if (text.includes("were not handled")) this._lost = true;
    process.stderr.write(`${text}\n`);
  }

  /** For a service that serves nothing: it is ready. @param {string[]} [addresses] */
  ready(addresses = []) {
    const tell = this._onReady;
    this._onReady = () => {};
    tell(addresses);
  }

  /** Serves until it is asked to stop, and handles what has come by then.
   * @returns {Promise<void>} */
  async run() {
    // What it waits for may be nothing that keeps a process alive.
    const awake = setInterval(() => {}, 1 << 30);
    await new Promise((resolve) => {
      if (this.signal.aborted) resolve(undefined);
      else this.signal.addEventListener("abort", resolve, { once: true });
    });
    clearInterval(awake);
    await Promise.all(this._ports.map((port) => port.close(this._grants.graceMs)));
  }

  async _close() {
    await Promise.all(this._ports.map((port) => port.close(this._grants.graceMs)));
    for (const channel of this._channels) {
      const receipt = await channel.close(this._grants.graceMs);
      const lost = receipt.delivered + receipt.undelivered + receipt.inDoubt;
      if (lost === 0) continue;
      this._lost = true;
      this._log(`${this.name}: of what was sent to ${channel.address}, ${receipt.undelivered} ` +
        `messages never left, ${receipt.delivered + receipt.inDoubt} may not have been handled`);
    }
  }
}

/** @param {number} fd @param {string[]} addresses */
function tellReady(fd, addresses) {
  try {
    writeSync(fd, addresses.map((address) => `serving ${address}\n`).join("") + "ready\n");
    closeSync(fd);
  } catch { // whoever started it has gone
  }
}

/** The grants, as `jackfield up` or the command line gives them. */
function readOwnGrants() {
  const text = process.env["JACKFIELD_GRANTS"];
  const words = process.argv.slice(2);
  if (text === undefined) return grantsOfCommandLine(words, ownName());
  delete process.env["JACKFIELD_GRANTS"]; // they are this service's, not its children's
  return { ...readGrants(text), args: words };
}

/**
 * The main function of a service program: `await runService(async (service) => { … })`.
 *
 * Reads the grants, as `jackfield up` or the command line gives them (PROGRAM --help), calls
 * main(service), and sees to the end: SIGTERM and SIGINT ask it to stop, a second one ends at once.
 * Sets the exit status: 0; 1: it failed, or messages were lost; 2: usage; 130: it was stopped, and
 * main threw CANCELLED or an AbortError.
 * @param {(service: Service) => Promise<void> | void} main @returns {Promise<void>}
 */
export async function runService(main) {
  const byHand = process.env["JACKFIELD_GRANTS"] === undefined;
  if (byHand && /^(--help|-h)$/.test(process.argv[2] ?? "")) {
    process.stdout.write(USAGE);
    return;
  }
  const readyFd = Number(process.env["JACKFIELD_READY_FD"] ?? -1);
  delete process.env["JACKFIELD_READY_FD"];
  let grants;
  try {
    grants = readOwnGrants();
  } catch (why) {
    const text = why instanceof JackfieldError ? why.text : why;
    process.stderr.write(`${ownName()}: ${text}\n${USAGE}`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const service = new Service(grants, (addresses) => readyFd >= 0 && tellReady(readyFd, addresses));
  const onSignal = () => {
    if (service.signal.aborted) process.exit(1); // the second one
    service.stop();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.exitCode = await runMain(service, main, byHand);
  process.removeListener("SIGTERM", onSignal);
  process.removeListener("SIGINT", onSignal);
}

/** @param {Service} service @param {(service: Service) => Promise<void> | void} main
 * @param {boolean} byHand @returns {Promise<number>} the exit status */
async function runMain(service, main, byHand) {
  let status = 0;
  try {
    await main(service);
  } catch (why) {
    const stopped = service.signal.aborted && (why instanceof JackfieldError
      ? why.code === Code.CANCELLED : why instanceof Error && why.name === "AbortError");
    const text = why instanceof JackfieldError ? why.text : why instanceof Error ? why.stack : why;
    if (!stopped) process.stderr.write(`${service.name}: ${text}\n`);
    status = stopped ? EXIT_STOPPED : 1;
    const nothing = service._grants.serves.length === 0 && service._grants.calls.length === 0;
    if (byHand && service._wasRefusedAGrant && nothing) status = EXIT_USAGE;
  }
  await service._close();
  return service._lost && status !== EXIT_USAGE ? 1 : status;
}
