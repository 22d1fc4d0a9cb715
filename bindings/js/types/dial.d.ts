/** May a process of that user be at the other end of a unix socket?
 * @param {Address} address @param {Credentials | undefined} peer */
export function admitsUser(address: Address, peer: Credentials | undefined): boolean;
/** @param {Address} address @param {{ until: number }} limit in ms of performance.now()
 * @returns {Promise<net.Socket>} Rejects with JackfieldError: UNREACHABLE, PERMISSION. */
export function dial(address: Address, limit: {
    until: number;
}): Promise<net.Socket>;
/**
 * @param {Address} address
 * @param {(socket: net.Socket, peer: Credentials | undefined) => void} come
 * @param {(why: string) => void} gone no connections are taken there any more
 * @returns {Promise<Listener>} Rejects with JackfieldError.
 */
export function listen(address: Address, come: (socket: net.Socket, peer: Credentials | undefined) => void, gone: (why: string) => void): Promise<Listener>;
/**
 * A place that is served.
 */
export type Listener = {
    address: string;
    close: () => void;
};
export type Address = import("./address.js").Address;
export type Credentials = import("./doors.js").Credentials;
import net from "node:net";
