// What a service may reach and where it serves, as `jackfield up` says it (services/service.h).

import { Code, JackfieldError } from "./errors.js";

/**
 * @typedef {object} GrantedCall
 * @property {string} role
 * @property {string} server its name, where a role has several; ""
 * @property {string} address
 * @property {string} badge ""
 *
 * @typedef {object} Grants
 * @property {string} name
 * @property {string[]} serves
 * @property {GrantedCall[]} calls
 * @property {import("./gate.js").Rule[]} allows
 * @property {string} key
 * @property {number} graceMs
 * @property {string[]} args
 */

const GRACE_MS = 2000;
const MS = new Map([["ns", 1e-6], ["us", 1e-3], ["ms", 1], ["s", 1000], ["m", 60_000],
  ["h", 3_600_000]]);

/** @param {string} text @returns {never} */
function wrong(text) {
  throw new JackfieldError(Code.INVALID_ARGUMENT, text);
}

/** "2s" in ms. @param {string} text */
export function readDuration(text) {
  const parts = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)$/.exec(text);
  if (parts === null) wrong(`a duration is a number and a unit, such as 2s, not "${text}"`);
  return Number(parts[1]) * /** @type {number} */ (MS.get(/** @type {string} */ (parts[2])));
}

/** @param {string} name @returns {Grants} */
export function noGrants(name) {
  return { name, serves: [], calls: [], allows: [], key: "", graceMs: GRACE_MS, args: [] };
}

/** "ROLE" or "ROLE=SERVER". @param {string} name @param {string} address @returns {GrantedCall} */
function calling(name, address) {
  const equals = name.indexOf("=");
  const role = equals < 0 ? name : name.slice(0, equals);
  return { role, server: equals < 0 ? "" : name.slice(equals + 1), address, badge: "" };
}

/** The lines of JACKFIELD_GRANTS. Throws JackfieldError, with the line. @param {string} text
 * @returns {Grants} */
export function readGrants(text) {
  const grants = noGrants("service");
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [word = "", ...rest] = line.split(" ");
    const value = rest.join(" ");
    const [first = "", ...more] = rest;
    const second = more.join(" ");
    if (word === "name") grants.name = value;
    else if (word === "serve") grants.serves.push(value);
    else if (word === "call" && second !== "") grants.calls.push(calling(first, second));
    else if (word === "grace") grants.graceMs = readDuration(value);
    else if (word === "allow" && second !== "") grants.allows.push({ what: first, who: second });
    else if (word === "key") grants.key = value;
    else if (word === "badge") {
      const call = grants.calls.at(-1);
      if (call === undefined) wrong("a badge belongs to a call");
      call.badge = value;
    } else if (word !== "control" && !(word === "limit" && first === "memory")) {
      // Those two are for what a service can do without: it tells nothing of its channels, and
      // Node has a limit of its own (--max-old-space-size).
      wrong(`cannot read the grant "${line}"`);
    }
  }
  return grants;
}

/** What stands behind the program's name. Throws JackfieldError. @param {string[]} words
 * @param {string} name @returns {Grants} */
export function grantsOfCommandLine(words, name) {
  const grants = noGrants(name);
  let i = 0;
  for (; i < words.length && words[i] !== "--"; i += 2) {
    const word = /** @type {string} */ (words[i]);
    const value = words[i + 1];
    if (!["--name", "--serve", "--call", "--grace", "--allow"].includes(word))
      wrong(`cannot read "${word}"; what the service itself gets stands behind --`);
    if (value === undefined) wrong(`${word} needs a value`);
    const equals = value.indexOf("=");
    if (word === "--name") grants.name = value;
    else if (word === "--serve") grants.serves.push(value);
    else if (word === "--grace") grants.graceMs = readDuration(value);
    else if (word === "--allow")
      grants.allows.push({ what: equals < 0 ? "*" : value.slice(0, equals),
        who: value.slice(equals + 1) });
    else if (equals > 0)
      grants.calls.push(calling(value.slice(0, equals), value.slice(equals + 1)));
    else wrong(`--call is ROLE=ADDRESS, such as --call kv=unix:@kv, not "${value}"`);
  }
  grants.args = words.slice(i + 1);
  return grants;
}
