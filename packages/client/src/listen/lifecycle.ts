/**
 * What happens to a page around the player: put away and brought back (bfcache), asleep and awake,
 * offline and online, hidden and shown. Reduced to three words; what to do about them is the player's.
 */

export interface LifecycleObserver {
  /** The page may never run again: let go of connection and lock. */
  leave(): void;
  /** Back from the bfcache. */
  comeBack(): void;
  /** Something changed around the connection: look whether it still lives. */
  look(): void;
}

/** Watches until the returned function is called. */
export function watchLifecycle(observer: LifecycleObserver): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener('pagehide', () => observer.leave(), { signal });
  addEventListener(
    'pageshow',
    (event) => {
      if (event.persisted) observer.comeBack();
    },
    { signal },
  );
  addEventListener('online', () => observer.look(), { signal });
  document.addEventListener('resume', () => observer.look(), { signal });
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'visible') observer.look();
    },
    { signal },
  );
  return () => stop.abort();
}
