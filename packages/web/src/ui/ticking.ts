/** Redraws a component once a second while its clock shows something that moves. */
import { useEffect, useState } from 'preact/hooks';

/** @param active false stops the ticking and its cost */
export function useSecondTick(active: boolean): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!active) return;
    const timer = window.setInterval(() => setTick((tick) => tick + 1), 1_000);
    return () => window.clearInterval(timer);
  }, [active]);
}
