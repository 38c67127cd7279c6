/** The limits of the stage, each with what happens at it. */

/** Longest name shown, code points; longer ones are cut. */
export const NAME_LENGTH_MAX = 60;
/** Longest candidate line, characters; longer messages are refused. */
export const CANDIDATE_LENGTH_MAX = 512;
/** Candidates taken from one WHIP fragment; further ones are passed over. */
export const CANDIDATES_MAX = 32;
/** Signalling messages a socket may send at once, and per second; beyond, it is closed. */
export const MESSAGES_BURST = 80;
export const MESSAGES_PER_S = 20;
/** A socket that has not joined by then is closed, ms. */
export const JOIN_MS_MAX = 10_000;
/** Sockets without a valid pass that are being told so at once; further ones get a bare refusal. */
export const TURNING_AWAY_MAX = 32;
/** One that does not close after having been turned away is ended, ms. */
export const TURN_AWAY_MS_MAX = 1_000;
/** How often sockets are pinged, ms; two missing answers end one. */
export const HEARTBEAT_MS = 5_000;
/** Text waiting for a reader that does not read, bytes; beyond, the socket is ended. */
export const UNSENT_BYTES_MAX = 1024 * 1024;
/** New peer connections of a seat are this far apart, ms; an earlier wish is carried out then. */
export const RECONNECT_MS_MIN = 500;
/** No packet for so long and a voice counts as lost, ms. */
export const MEDIA_SILENT_MS = 2_000;
/** Packets of one voice in a second; Opus makes 400 at most (RFC 6716 §2.1.4), further ones are dropped. */
export const PACKETS_PER_S_MAX = 600;
/** Rooms at once; spaces that run are bounded by the programme, rooms also serve those not yet open. */
export const ROOMS_MAX = 128;
/** Persons removed and seats departed that a room remembers; the oldest are forgotten. */
export const REMEMBERED_MAX = 256;
/** A room whose space nobody has told of by then does not exist, ms. */
export const UNKNOWN_SPACE_MS = 10_000;
/** Voices heard beside each other are chosen this often, ms. */
export const SELECTION_MS = 100;
/** Levels are sent this often, ms. */
export const LEVELS_MS = 200;
/** Reports are sent and seats looked after this often, ms. */
export const REPORT_MS = 1_000;

/** Sockets of one person at once, those included that a broken network has not closed yet. */
export const SOCKETS_PER_PERSON_MAX = 8;

/** Sockets of one space at once: every seat may be in the middle of a change of connection. */
export function socketsMax(speakersMax: number): number {
  return speakersMax * 2 + 8;
}
