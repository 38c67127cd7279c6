/** Failures of the page and its devices: what happened and what to do, beside the house's own catalogue. */
import { AUDIENCE_ERRORS, type AudienceErrorCode } from '@parterre/protocol';
import type { SpeakFailure, SpeakFailureCode } from './types.ts';

const WORDS: Readonly<
  Record<Exclude<SpeakFailureCode, AudienceErrorCode>, readonly [string, string]>
> = {
  insecure_context: [
    'Browsers give a microphone to secure pages only, and this page is not one.',
    'Open the address with https:// (or on http://localhost on the server itself).',
  ],
  not_supported: [
    'This browser cannot speak on a stage.',
    'Use a current Chrome, Edge, Firefox or Safari.',
  ],
  microphone_denied: [
    'The microphone is not allowed for this page.',
    'Allow it in the address bar or in the browser’s settings, then try again.',
  ],
  microphone_missing: [
    'No microphone was found.',
    'Plug one in, or choose another in the system’s sound settings.',
  ],
  microphone_busy: [
    'Another program has the microphone.',
    'Close the other program or call, then try again.',
  ],
  microphone_failed: ['The microphone stopped.', 'Choose the microphone again, or another one.'],
  file_unreadable: [
    'This file cannot be played.',
    'Choose an audio file such as MP3, WAV, Ogg or M4A.',
  ],
  unreachable: [
    'The stage does not answer.',
    'Check your connection and try again; your invitation stays valid.',
  ],
  media_blocked: [
    'The stage answers, but sound cannot get through this network.',
    'Try another network or a mobile hotspot, or ask the operator for a TURN server.',
  ],
};

/** The words for a code of the page or of the house; a code that is not known keeps the house's message. */
export function failureOf(code: string, message = ''): SpeakFailure {
  if (Object.hasOwn(WORDS, code)) {
    const [what, remedy] = WORDS[code as keyof typeof WORDS];
    return { code: code as SpeakFailureCode, message: what, remedy };
  }
  if (Object.hasOwn(AUDIENCE_ERRORS, code)) {
    const entry = AUDIENCE_ERRORS[code as AudienceErrorCode];
    return { code: code as AudienceErrorCode, message: entry.message, remedy: entry.remedy };
  }
  return {
    code: 'internal',
    message: message || AUDIENCE_ERRORS.internal.message,
    remedy: AUDIENCE_ERRORS.internal.remedy,
  };
}

/** Why the microphone could not be had (Media Capture and Streams §10.2). */
export function microphoneFailure(error: unknown): SpeakFailure {
  switch ((error as DOMException | null)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return failureOf('microphone_denied');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return failureOf('microphone_missing');
    case 'NotReadableError':
    case 'AbortError':
      return failureOf('microphone_busy');
    default:
      return failureOf('microphone_failed');
  }
}

/** An expected failure of a call on `Speaking`. */
export class SpeakError extends Error implements SpeakFailure {
  readonly code: SpeakFailureCode;
  readonly remedy: string;

  constructor(code: SpeakFailureCode) {
    const { message, remedy } = failureOf(code);
    super(message);
    this.name = 'SpeakError';
    this.code = code;
    this.remedy = remedy;
  }
}
