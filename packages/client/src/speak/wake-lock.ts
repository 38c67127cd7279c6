/** Keeps the screen awake while somebody speaks; the browser takes the lock away with each hidden page. */

/** Holds a wake lock until the returned function is called; does nothing where there is none. */
export function holdAwake(): () => void {
  let sentinel: WakeLockSentinel | null = null;
  let wanted = true;
  const ask = async (): Promise<void> => {
    if (!wanted || document.visibilityState !== 'visible' || sentinel?.released === false) return;
    try {
      sentinel = await navigator.wakeLock.request('screen');
      if (!wanted) await sentinel.release();
    } catch {
      // Low battery, or not allowed: the screen may go dark, nothing else.
    }
  };
  const shown = (): void => void ask();
  if ('wakeLock' in navigator) {
    document.addEventListener('visibilitychange', shown);
    void ask();
  }
  return () => {
    wanted = false;
    document.removeEventListener('visibilitychange', shown);
    void sentinel?.release();
  };
}
