/**
 * The part of the error catalogue that a listener or a speaker can meet: all that a page of theirs has to
 * carry.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly message: string;
  readonly remedy: string;
}

export const entry = (status: number, message: string, remedy: string): ErrorEntry => ({
  status,
  message,
  remedy,
});

export const AUDIENCE_ERRORS = {
  bad_request: entry(
    400,
    'The request is not valid.',
    'Correct the field that is named and send it again.',
  ),
  pass_invalid: entry(
    401,
    'This pass is not valid or no longer valid.',
    'Open your invitation again to get a new one.',
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
  too_many_requests: entry(
    429,
    'Too many requests from here.',
    'Wait for the time in Retry-After.',
  ),
  internal: entry(
    500,
    'Something went wrong on our side.',
    'Try again; if it stays, tell the operator the request id.',
  ),
  house_full: entry(
    503,
    'This server carries as many listeners as it can.',
    'Try again in a moment.',
  ),
  ticket_invalid: entry(
    403,
    'This place in line is not valid, or was used or missed.',
    'Take a new place in line.',
  ),
  waiting: entry(
    503,
    'Every place is taken just now.',
    'Take a place in line; the page does it by itself.',
  ),
  part_away: entry(503, 'A part of the server is restarting.', 'Try again in a moment.'),
} as const satisfies Record<string, ErrorEntry>;

export type AudienceErrorCode = keyof typeof AUDIENCE_ERRORS;
