/**
 * How many connections an edge has places for, and how many edges a house needs. The limit is the
 * system's: descriptors a process, which nothing but the operator can raise.
 */

/** Kept from connections, of all descriptors: files that are read, sockets to the other parts. */
const RESERVED_SHARE = 0.1;
const RESERVED_MIN = 600;
/** An edge that has filled so much of its places leaves the rest for when no other has room. */
const LEAVE_AT = 0.95;
/** More than one core can write to, whatever the system allows. */
const CONNECTIONS_MAX = 60_000;
/** One can fail, and one can be replaced, while another serves. */
const EDGES_MIN = 2;
export const EDGES_MAX = 64;

/** @param descriptors what the system allows one process @returns connections an edge takes at once */
export function connectionsMaxOf(descriptors: number): number {
  const reserved = Math.max(descriptors * RESERVED_SHARE, RESERVED_MIN);
  const left = descriptors - Math.min(reserved, descriptors / 2);
  return Math.min(CONNECTIONS_MAX, Math.floor(left));
}

/** @returns the connections at which an edge of so many places leaves new ones to the others */
export function leaveAtOf(places: number): number {
  return Math.floor(places * LEAVE_AT);
}

/**
 * @param asked the operator's word; 0 asks for as many as the machine and the house call for: one a core,
 *   and enough that the house finds place while one of them is away
 */
export function edgesFor(
  asked: number,
  listenersMax: number,
  cores: number,
  connectionsMax: number,
): number {
  if (asked > 0) return asked;
  const forTheHouse = Math.ceil(listenersMax / connectionsMax) + 1;
  return Math.min(EDGES_MAX, Math.max(EDGES_MIN, cores, forTheHouse));
}
