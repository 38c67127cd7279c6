/** Failures to listen, in words: the browser's own, beside the house's catalogue. */
import { AUDIENCE_ERRORS } from '@parterre/protocol';
import type { ListenFailureCode } from './types.ts';

const BROWSER_WORDS = {
  not_supported: {
    message: 'This browser cannot play the programme.',
    remedy: 'Use a current Chrome, Edge, Firefox or Safari, or the radio address in a radio app.',
  },
  media_error: {
    message: 'The browser stopped playing and could not be made to go on.',
    remedy: 'Reload the page.',
  },
} as const;

export function failureOf(code: ListenFailureCode): {
  readonly code: ListenFailureCode;
  readonly message: string;
  readonly remedy: string;
} {
  const { message, remedy } =
    code === 'not_supported' || code === 'media_error'
      ? BROWSER_WORDS[code]
      : AUDIENCE_ERRORS[code];
  return { code, message, remedy };
}
