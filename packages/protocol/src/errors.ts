/**
 * The one catalogue of errors a user or a developer can meet: code, HTTP status, what happened, what to
 * do next. `docs/api/errors.md` lists them and a test checks both directions.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly message: string;
  readonly remedy: string;
}

const entry = (status: number, message: string, remedy: string): ErrorEntry => ({
  status,
  message,
  remedy,
});

export const ERRORS = {
  bad_request: entry(
    400,
    'The request is not valid.',
    'Correct the field that is named and send it again.',
  ),
  not_signed_in: entry(
    401,
    'You are not signed in as the owner.',
    'Open the owner link; `parterre owner-link` makes a new one.',
  ),
  pass_invalid: entry(
    401,
    'This pass is not valid or no longer valid.',
    'Open your invitation again to get a new one.',
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
  forbidden: entry(403, 'You may not do this.', 'Ask the host or the owner of the space.'),
  unknown_space: entry(
    404,
    'There is no space at this address.',
    'Check the link, or ask whoever sent it.',
  ),
  unknown_invite: entry(
    404,
    'This invitation does not exist or was withdrawn.',
    'Ask the host for a new invitation.',
  ),
  unknown_certificate: entry(
    404,
    'There is no such certificate.',
    'Rehearse to get one; `parterre rehearse` does it.',
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
  wrong_state: entry(
    409,
    'The space is not in a state in which this is possible.',
    'Look at its state and try again.',
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
  not_open: entry(409, 'The doors are not open yet.', 'Come back at the time announced.'),
  ended: entry(410, 'This space has ended.', 'Listen to the replay.'),
  host_seat_taken: entry(
    409,
    'The host is already on stage.',
    'Join as a co-host or speaker, or take the seat over.',
  ),
  already_on_stage: entry(
    409,
    'You are on stage in another tab or on another device.',
    'Close the other one, or move the seat here.',
  ),
  stage_full: entry(409, 'The stage is full.', 'Wait until somebody leaves the stage.'),
  removed: entry(
    403,
    'The host has removed you from the stage.',
    'You can go on listening in the house.',
  ),
  too_large: entry(413, 'The request is too large.', 'Send less at once.'),
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
  sdp_invalid: entry(
    422,
    'The session description cannot be used.',
    'Offer Opus audio over DTLS-SRTP with ICE.',
  ),
  too_many_requests: entry(
    429,
    'Too many requests from here.',
    'Wait for the time in Retry-After.',
  ),
  headers_too_large: entry(
    431,
    'The request header is too large.',
    'Send fewer or shorter header fields.',
  ),
  internal: entry(
    500,
    'Something went wrong on our side.',
    'Try again; if it stays, tell the operator the request id.',
  ),
  spaces_full: entry(
    503,
    'This server carries as many spaces as it can.',
    'End a space that is no longer needed.',
  ),
  house_full: entry(
    503,
    'This server carries as many listeners as it can.',
    'Try again in a moment.',
  ),
  part_away: entry(503, 'A part of the server is restarting.', 'Try again in a moment.'),
  disk_full: entry(507, 'The disk is full; nothing was changed.', 'Free space on the data disk.'),
} as const satisfies Record<string, ErrorEntry>;

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
