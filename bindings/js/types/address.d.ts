/** Throws JackfieldError (INVALID_ARGUMENT), with what helps.
 * @param {string} text @param {"client" | "server"} role @returns {Address} */
export function parseAddress(text: string, role: "client" | "server"): Address;
export type UnixAddress = {
    medium: "unix";
    /**
     * as it is written
     */
    text: string;
    /**
     * "/run/kv.sock", "@kv"; "": a server gets an abstract name from the system
     */
    path: string;
    /**
     * of a path
     */
    mode: number;
    anyUid: boolean;
};
export type TcpAddress = {
    medium: "tcp";
    text: string;
    host: string;
    port: number;
    plain: boolean;
};
export type Address = UnixAddress | TcpAddress;
