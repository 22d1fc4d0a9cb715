/** "2s" in ms. @param {string} text */
export function readDuration(text: string): number;
/** @param {string} name @returns {Grants} */
export function noGrants(name: string): Grants;
/** The lines of JACKFIELD_GRANTS. Throws JackfieldError, with the line. @param {string} text
 * @returns {Grants} */
export function readGrants(text: string): Grants;
/** What stands behind the program's name. Throws JackfieldError. @param {string[]} words
 * @param {string} name @returns {Grants} */
export function grantsOfCommandLine(words: string[], name: string): Grants;
export type GrantedCall = {
    role: string;
    /**
     * its name, where a role has several; ""
     */
    server: string;
    address: string;
    /**
     * ""
     */
    badge: string;
};
export type Grants = {
    name: string;
    serves: string[];
    calls: GrantedCall[];
    allows: import("./gate.js").Rule[];
    key: string;
    graceMs: number;
    args: string[];
};
