/**
 * The one catalogue of errors a user or a developer can meet: code, HTTP status, what happened, what to
 * do next. `docs/api/errors.md` lists them and a test checks both directions.
 */
import { AUDIENCE_ERRORS, type ErrorEntry, entry } from './audience-errors.ts';

/** What an owner or a program can meet besides. */
const OWNER_ERRORS = {
  not_signed_in: entry(
    401,
    'You are not signed in as the owner.',
    'Open the owner link; `parterre owner-link` makes a new one.',
  ),
  too_large: entry(413, 'The request is too large.', 'Send less at once.'),
  sdp_invalid: entry(
    422,
    'The session description cannot be used.',
    'Offer Opus audio over DTLS-SRTP with ICE.',
  ),
  wrong_state: entry(
    409,
    'The space is not in a state in which this is possible.',
    'Look at its state and try again.',
  ),
  permit_invalid: entry(
    401,
    'This rehearsal permit is not valid or no longer valid.',
    'Ask the owner for a new one; `parterre permit` makes it.',
  ),
  owner_link_used: entry(
    401,
    'This owner link was already used or has expired.',
    'Run `parterre owner-link` for a new one.',
  ),
  unknown_certificate: entry(
    404,
    'There is no such certificate.',
    'Rehearse to get one; `parterre rehearse` does it.',
  ),
  take_hls: entry(
    307,
    'Newcomers are given the programme by a cache just now.',
    'Go to the address in Location: the same programme, a few seconds later.',
  ),
  unknown_path: entry(404, 'There is nothing at this address.', 'Check the address.'),
  method_not_allowed: entry(
    405,
    'This method is not possible here.',
    'Use one of the methods in the Allow header.',
  ),
  space_exists: entry(
    409,
    'A space with this address exists already.',
    'Choose another address for the space.',
  ),
  invites_full: entry(
    409,
    'This space has as many invitations as it can.',
    'Withdraw invitations that are no longer needed.',
  ),
  not_held: entry(
    409,
    'This rehearsal gives nothing to certify.',
    'Look at its report, mend what was scarce, and rehearse again.',
  ),
  server_differs: entry(
    409,
    'This rehearsal was of a server unlike this one.',
    'Rehearse again with this build, configuration, machine and topology.',
  ),
  uri_too_long: entry(414, 'The address is too long.', 'Shorten the address.'),
  unsupported_media_type: entry(
    415,
    'This kind of body is not understood here.',
    'Send the body as application/json.',
  ),
  range_not_satisfiable: entry(
    416,
    'The recording has no such part.',
    'Ask for a range within its length.',
  ),
  work_needed: entry(
    428,
    'Taking a place in line costs a little work now.',
    'Solve the challenge; the page does it by itself.',
  ),
  headers_too_large: entry(
    431,
    'The request header is too large.',
    'Send fewer or shorter header fields.',
  ),
  spaces_full: entry(
    503,
    'This server carries as many spaces as it can.',
    'End a space that is no longer needed.',
  ),
  disk_full: entry(507, 'The disk is full; nothing was changed.', 'Free space on the data disk.'),
} as const satisfies Record<string, ErrorEntry>;

export const ERRORS = { ...AUDIENCE_ERRORS, ...OWNER_ERRORS };

export type ErrorCode = keyof typeof ERRORS;

/** The body of every error answer. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly remedy: string;
    readonly detail?: string;
  };
}

export function errorBody(code: ErrorCode, detail?: string): ErrorBody {
  const { message, remedy } = ERRORS[code];
  return {
    error: detail === undefined ? { code, message, remedy } : { code, message, remedy, detail },
  };
}

/** An expected failure on its way to the one who asked; bugs are assertions, not these. */
export class ParterreError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  constructor(code: ErrorCode, detail?: string) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message} ${detail}`);
    this.name = 'ParterreError';
    this.code = code;
    this.detail = detail;
  }
}
