/** A `Listening` inside Preact's tree: redraws when something it shows has changed, stops with the component. */
import type { Listening } from '@parterre/client';
import { useEffect, useState } from 'preact/hooks';

export function useListening(listening: Listening): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    const unsubscribe = listening.subscribe(() => redraw((count) => count + 1));
    return () => {
      unsubscribe();
      listening.stop();
    };
  }, [listening]);
}
