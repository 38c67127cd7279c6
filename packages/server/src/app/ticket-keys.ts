/**
 * The keys that seal TLS session tickets (RFC 8446 §4.6.1, RFC 5077 §4): the same for all edges, so that a
 * client whose edge is gone resumes its session at another. Kept in memory alone and made anew regularly:
 * a ticket that was sealed before costs its holder one full handshake.
 */
import { randomBytes } from 'node:crypto';

/** What `tls.Server` takes: a name of 16 bytes, an HMAC key and an AES key. */
const KEYS_BYTES = 48;
/** How long keys are used, and so the longest that a session can be resumed. */
export const TICKET_KEYS_MS = 43_200_000;

export class TicketKeys {
  /** Base64, as it goes to the edges. */
  current = newKeys();

  renew(): string {
    this.current = newKeys();
    return this.current;
  }
}

function newKeys(): string {
  return randomBytes(KEYS_BYTES).toString('base64');
}
