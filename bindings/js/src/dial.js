// Sockets: one to a service, and those that come to a port.

import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import net from "node:net";

import { connectAbstract, serveAbstract } from "./doors.js";
import { errorOf, Outcome, Reason } from "./errors.js";

/** @typedef {import("./address.js").Address} Address */
/** @typedef {import("./doors.js").Credentials} Credentials */

const KEEP_ALIVE_MS = 15_000;
const ATTEMPT_MS = 2000;              // for one connection to be made
const BACKLOG = 512;

/** @param {Address} address @param {NodeJS.ErrnoException} why */
function unreachable(address, why) {
  const reason = why.code === "EACCES" ? Reason.PERMISSION : Reason.UNREACHABLE;
  return errorOf(Outcome.REFUSED, reason, `${address.text}: ${why.code ?? why.message}`);
}

/** May a process of that user be at the other end of a unix socket?
 * @param {Address} address @param {Credentials | undefined} peer */
export function admitsUser(address, peer) {
  if (peer === undefined || (address.medium === "unix" && address.anyUid)) return true;
  return peer.uid === 0 || peer.uid === process.geteuid?.();
}

/** @param {Address} address @param {{ until: number }} limit in ms of performance.now()
 * @returns {Promise<net.Socket>} Rejects with JackfieldError: UNREACHABLE, PERMISSION. */
export async function dial(address, limit) {
  if (address.medium === "unix" && address.path.startsWith("@")) {
    const { socket, peer } = await connectAbstract(address.path);
    if (admitsUser(address, peer)) return socket;
    socket.destroy();
    throw errorOf(Outcome.REFUSED, Reason.PERMISSION, `${address.text} belongs to uid ` +
      `${peer.uid}, not to this program's; ?uid=any allows that`);
  }
  return new Promise((resolve, reject) => {
    const socket = address.medium === "unix" ? net.connect({ path: address.path })
      : net.connect({ host: address.host, port: address.port, noDelay: true, keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS });
    const timer = setTimeout(() => socket.destroy(Object.assign(new Error("timed out"),
      { code: "ETIMEDOUT" })), Math.max(1, Math.min(ATTEMPT_MS, limit.until - performance.now())));
    const failed = (/** @type {NodeJS.ErrnoException} */ why) => {
      clearTimeout(timer);
      reject(unreachable(address, why));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", failed);
      resolve(socket);
    });
  });
}

/**
 * A place that is served.
 * @typedef {{ address: string, close: () => void }} Listener
 */

/** Removes a socket of this user's whose server is dead. Throws: it lives, or is no socket.
 * @param {string} path @returns {Promise<void>} */
function removeDead(path) {
  return new Promise((resolve, reject) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return resolve();
    if (!found.isSocket() || found.uid !== process.geteuid?.())
      return reject(errorOf(Outcome.REFUSED, Reason.MISUSE, `unix:${path}: something that is not ` +
        "a socket of this user is there, and is left alone"));
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      reject(errorOf(Outcome.REFUSED, Reason.RESOURCE,
        `unix:${path} is served by another process`));
    });
    probe.once("error", (/** @type {NodeJS.ErrnoException} */ why) => {
      if (why.code !== "ECONNREFUSED") return reject(errorOf(Outcome.REFUSED, Reason.RESOURCE,
        `unix:${path}: ${why.code}`));
      unlinkSync(path);
      resolve();
    });
  });
}

/**
 * @param {Address} address
 * @param {(socket: net.Socket, peer: Credentials | undefined) => void} come
 * @param {(why: string) => void} gone no connections are taken there any more
 * @returns {Promise<Listener>} Rejects with JackfieldError.
 */
export async function listen(address, come, gone) {
  if (address.medium === "unix" && (address.path === "" || address.path[0] === "@")) {
    const door = await serveAbstract(address.path, come,
      () => gone(`${address.text} is not served any more: the program that opened it has ended`));
    return { address: `unix:${door.name}`, close: door.close };
  }
  if (address.medium === "unix") await removeDead(address.path);
  const server = net.createServer({ noDelay: true, keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS }, (socket) => come(socket, undefined));
  await new Promise((resolve, reject) => {
    server.once("error", (/** @type {NodeJS.ErrnoException} */ why) =>
      reject(unreachable(address, why)));
    const whenServed = () => resolve(undefined);
    if (address.medium === "tcp") {
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, whenServed);
      return;
    }
    const before = process.umask(0o777 & ~address.mode); // nobody else comes in meanwhile
    server.listen({ path: address.path, backlog: BACKLOG }, whenServed);
    process.umask(before);
  });
  server.on("error", (why) => gone(`${address.text}: ${why.message}`));
  if (address.medium === "unix") {
    chmodSync(address.path, address.mode);
    return { address: address.text, close: () => server.close() };
  }
  const port = /** @type {net.AddressInfo} */ (server.address()).port;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return { address: `tcp://${host}:${port}${address.plain ? "?plain" : ""}`,
    close: () => server.close() };
}

