/**
 * Who this tab is to a stage: a client id and, once seated, a resume token. Both are kept for the tab, so
 * that a reload comes back to its seat while a second tab of the same person is recognised as another.
 * Neither is needed: without storage each page is somebody new.
 */

const CLIENT_KEY = 'parterre client';
const resumeKey = (space: string): string => `parterre resume ${space}`;

export function clientId(): string {
  const kept = read(CLIENT_KEY);
  if (kept !== null && /^[\w-]{1,64}$/.test(kept)) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  write(CLIENT_KEY, made);
  return made;
}

export function resumeToken(space: string): string | null {
  return read(resumeKey(space));
}

export function keepResumeToken(space: string, token: string | null): void {
  write(resumeKey(space), token);
}

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // Storage is full or forbidden; identity then ends with the page.
  }
}
