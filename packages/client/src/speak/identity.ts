/**
 * Who this browser is to a stage. The client id is kept for the browser, so that a second tab is
 * recognised as the same person; the resume token for the tab, so that a reload comes back to its seat.
 * Neither is needed: without storage each page is somebody new.
 */

const CLIENT_KEY = 'parterre client';
const resumeKey = (space: string): string => `parterre resume ${space}`;

export function clientId(): string {
  const kept = read(() => localStorage, CLIENT_KEY);
  if (kept !== null && /^[\w-]{1,64}$/.test(kept)) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  write(() => localStorage, CLIENT_KEY, made);
  return made;
}

export function resumeToken(space: string): string | null {
  return read(() => sessionStorage, resumeKey(space));
}

export function keepResumeToken(space: string, token: string | null): void {
  write(() => sessionStorage, resumeKey(space), token);
}

function read(store: () => Storage, key: string): string | null {
  try {
    return store().getItem(key);
  } catch {
    return null;
  }
}

function write(store: () => Storage, key: string, value: string | null): void {
  try {
    if (value === null) store().removeItem(key);
    else store().setItem(key, value);
  } catch {
    // Storage is full or forbidden; identity then ends with the page.
  }
}
