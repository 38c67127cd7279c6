/**
 * Who this page is to a stage: a client id and, once seated, a resume token. Both are kept for the tab, so
 * that a reload comes back to its seat. A tab that was duplicated has copies of both; the id belongs to the
 * page that holds its lock, and the other one is somebody new. Neither is needed: without storage each page
 * is somebody new.
 */

const CLIENT_KEY = 'parterre client';
const resumeKey = (space: string): string => `parterre resume ${space}`;
/** A page that is reloaded may hold its lock for a moment longer, ms. */
const LOCK_MS_MAX = 500;

let own: Promise<string> | null = null;

/** This page's id, the same for as long as the page lives. */
export function clientId(): Promise<string> {
  own ??= claim();
  return own;
}

async function claim(): Promise<string> {
  const kept = read(CLIENT_KEY);
  if (kept !== null && /^[\w-]{1,64}$/.test(kept) && (await hold(kept))) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  write(CLIENT_KEY, made);
  await hold(made);
  return made;
}

/** Holds an id while this page lives; false when another page does. Without Web Locks nobody can tell. */
function hold(id: string): Promise<boolean> {
  if (globalThis.navigator?.locks === undefined) return Promise.resolve(true);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const held = (): Promise<never> => {
    resolve(true);
    return new Promise(() => {});
  };
  navigator.locks
    .request(`${CLIENT_KEY} ${id}`, { signal: AbortSignal.timeout(LOCK_MS_MAX) }, held)
    .catch((error: DOMException) => resolve(error.name === 'SecurityError'));
  return promise;
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
