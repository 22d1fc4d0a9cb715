// Abstract unix sockets, which Node cannot name: it fills their names up with zeros. door.py opens
// them, and hands the connections over with the channel that child processes have. It also tells
// who is at the other end (SO_PEERCRED), which Node cannot ask.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import { errorOf, Outcome, Reason } from "./errors.js";

/** @typedef {{ pid: number, uid: number, gid: number }} Credentials */

const DOOR = fileURLToPath(new URL("door.py", import.meta.url));

/** @param {"connect" | "serve"} what @param {string} name */
function open(what, name) {
  const child = fork(DOOR, [what, name], { execPath: "python3", execArgv: ["-I", "-S"],
    stdio: ["ignore", "ignore", "inherit", "ipc"], detached: true });
  child.unref();
  return child;
}

/** @param {string} name @param {string} [code] */
function noDoor(name, code) {
  const text = code === "ENOENT"
    ? `unix:${name}: Node cannot open abstract names by itself, and there is no python3 to do ` +
      "it; install python3, or use a path (unix:/run/kv.sock) or tcp:"
    : `unix:${name}: ${code ?? "the program that opens abstract names has ended"}`;
  const passing = code === "ECONNREFUSED" || code === undefined;
  return errorOf(Outcome.REFUSED, passing ? Reason.UNREACHABLE : Reason.MISUSE, text);
}

/** @param {string} name "@kv"
 * @returns {Promise<{ socket: import("node:net").Socket, peer: Credentials }>} */
export function connectAbstract(name) {
  return new Promise((resolve, reject) => {
    const door = open("connect", name);
    door.on("error", (/** @type {NodeJS.ErrnoException} */ why) => reject(noDoor(name, why.code)));
    door.on("exit", () => setImmediate(() => reject(noDoor(name))));
    door.on("message", (/** @type {any} */ message, /** @type {any} */ socket) => {
      if (socket === undefined) return reject(noDoor(name, message.failed));
      resolve({ socket, peer: message });
    });
  });
}

/**
 * @param {string} name "@kv"; "": the system chooses
 * @param {(socket: import("node:net").Socket, peer: Credentials) => void} come
 * @param {() => void} gone it takes no connections any more, though nobody has closed it
 * @returns {Promise<{ name: string, close: () => void }>}
 */
export function serveAbstract(name, come, gone) {
  return new Promise((resolve, reject) => {
    const door = open("serve", name);
    let closed = false;
    let serves = false;
    door.on("error", (/** @type {NodeJS.ErrnoException} */ why) => reject(noDoor(name, why.code)));
    door.on("exit", () => {
      reject(noDoor(name));
      if (serves && !closed) gone();
    });
    door.on("message", (/** @type {any} */ message, /** @type {any} */ socket) => {
      if (socket !== undefined) return come(socket, message);
      if (message.failed !== undefined) return reject(noDoor(name, message.failed));
      serves = true;
      resolve({ name: message.name, close: () => {
        closed = true;
        if (door.connected) door.disconnect();
      } });
    });
  });
}
