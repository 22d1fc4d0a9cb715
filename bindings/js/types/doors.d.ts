/** @param {string} name "@kv"
 * @returns {Promise<{ socket: import("node:net").Socket, peer: Credentials }>} */
export function connectAbstract(name: string): Promise<{
    socket: import("node:net").Socket;
    peer: Credentials;
}>;
/**
 * @param {string} name "@kv"; "": the system chooses
 * @param {(socket: import("node:net").Socket, peer: Credentials) => void} come
 * @param {() => void} gone it takes no connections any more, though nobody has closed it
 * @returns {Promise<{ name: string, close: () => void }>}
 */
export function serveAbstract(name: string, come: (socket: import("node:net").Socket, peer: Credentials) => void, gone: () => void): Promise<{
    name: string;
    close: () => void;
}>;
export type Credentials = {
    pid: number;
    uid: number;
    gid: number;
};
