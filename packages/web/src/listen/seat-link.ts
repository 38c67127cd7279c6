/**
 * The link to a kept seat, `/{space}?seat=…`: taken out of the address, so that it is not shown, copied or
 * sent on by accident, and kept by this browser for the space.
 */
import { keep, kept } from '../i18n/language.ts';

/** Of a sealed token: nothing else is handed on. */
const TOKEN = /^[A-Za-z0-9_.-]{16,1024}$/;

export function takeSeat(space: string): string | null {
  const name = `parterre seat ${space}`;
  const url = new URL(location.href);
  const token = url.searchParams.get('seat');
  if (token !== null) {
    url.searchParams.delete('seat');
    history.replaceState(history.state, '', url);
    if (TOKEN.test(token)) keep(name, token);
  }
  const known = token !== null && TOKEN.test(token) ? token : kept(name);
  return known !== null && TOKEN.test(known) ? known : null;
}
