/** Redraws a component when its `Speaking` has changed. */
import type { SpeakChange, Speaking } from '@parterre/client';
import { useEffect, useState } from 'preact/hooks';

/** @param ignored changes this component does not show */
export function useSpeaking(speaking: Speaking, ignored?: SpeakChange): void {
  const [, redraw] = useState(0);
  useEffect(
    () =>
      speaking.subscribe((change) => {
        if (change !== ignored) redraw((count) => count + 1);
      }),
    [speaking, ignored],
  );
}
