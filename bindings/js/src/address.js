// Addresses: a medium and a place on it, `unix:/run/kv.sock`, `unix:@kv`, `tcp://127.0.0.1:7001`.

import { Code, JackfieldError, Outcome, Reason } from "./errors.js";

const PATH_BYTES_MAX = 107;

/**
 * @typedef {object} UnixAddress
 * @property {"unix"} medium
 * @property {string} text as it is written
 * @property {string} path "/run/kv.sock", "@kv"; "": a server gets an abstract name from the system
 * @property {number} mode of a path
 * @property {boolean} anyUid
 *
 * @typedef {object} TcpAddress
 * @property {"tcp"} medium
 * @property {string} text
 * @property {string} host
 * @property {number} port
 * @property {boolean} plain
 *
 * @typedef {UnixAddress | TcpAddress} Address
 */

/** @param {string} text @param {string} why @returns {never} */
function wrong(text, why) {
  throw new JackfieldError(Code.INVALID_ARGUMENT, `the address "${text}": ${why}`,
    Outcome.REFUSED, Reason.MISUSE);
}

/** @param {string} text @param {string} query @param {string[]} known */
function parametersOf(text, query, known) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const pair of query.split("&").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!known.includes(key)) wrong(text, `there is no ${key} here; there is ${known.join(", ")}`);
    try {
      found.set(key, equals < 0 ? "" : decodeURIComponent(pair.slice(equals + 1)));
    } catch {
      wrong(text, `${key} is not percent-encoded as it should be`);
    }
  }
  return found;
}

/** Throws JackfieldError (INVALID_ARGUMENT), with what helps.
 * @param {string} text @param {"client" | "server"} role @returns {Address} */
export function parseAddress(text, role) {
  const parts = /^([^:]+):(?:\/\/(?!\/))?([^?]*)(?:\?(.*))?$/s.exec(text);
  if (parts === null) wrong(text, "it is MEDIUM:PLACE, such as unix:@kv or tcp://127.0.0.1:7001");
  const [, medium = "", place = "", query = ""] = parts;
  if (medium === "unix") return unixAddress(text, place, query, role);
  if (medium === "tcp") return tcpAddress(text, place, query, role);
  return wrong(text, `JavaScript speaks over unix: and tcp:, not over ${medium}:`);
}

/** @param {string} text @param {string} path @param {string} query @param {string} role
 * @returns {UnixAddress} */
function unixAddress(text, path, query, role) {
  const given = parametersOf(text, query, ["type", "uid", "mode"]);
  if ((given.get("type") ?? "stream") !== "stream")
    wrong(text, "JavaScript speaks over type=stream alone");
  const uid = given.get("uid") ?? "same";
  if (uid !== "same" && uid !== "any") wrong(text, "uid is same or any");
  const mode = given.get("mode") ?? (uid === "any" ? "0666" : "0600");
  if (!/^0?[0-7]{3}$/.test(mode)) wrong(text, "mode is an octal number, such as 0660");
  if (path === "" && role === "client")
    wrong(text, "a client needs to know where: unix:/path or unix:@name");
  if (path !== "" && path[0] !== "@" && path[0] !== "/")
    wrong(text, "a socket is named by its whole path: unix:/directory/name; or unix:@name");
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    wrong(text, `longer than the ${PATH_BYTES_MAX} bytes that a socket's name may have`);
  return { medium: "unix", text, path, mode: parseInt(mode, 8), anyUid: uid === "any" };
}

/** @param {string} host */
const isLoopback = (host) => host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);

/** @param {string} text @param {string} place @param {string} query @param {string} role
 * @returns {TcpAddress} */
function tcpAddress(text, place, query, role) {
  const plain = parametersOf(text, query, ["plain"]).has("plain");
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(place === "" && role === "server"
    ? "127.0.0.1:0" : place);
  if (parts === null) wrong(text, "it is tcp://HOST:PORT, such as tcp://127.0.0.1:7001");
  const host = parts[1] ?? parts[2] ?? "";
  const port = Number(parts[3]);
  if (host === "") wrong(text, "it has no host; 127.0.0.1 is this machine");
  if (port > 65535 || (port === 0 && role === "client")) wrong(text, "a port is 1 to 65535");
  if (!plain && !isLoopback(host)) {
    wrong(text, "anyone on the way can read and write what goes beyond this machine; if that is " +
      "meant, say ?plain");
  }
  return { medium: "tcp", text, host, port, plain };
}
