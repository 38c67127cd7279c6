/** One `Listening` for the life of a component, redrawing it when something it shows has changed. */
import { type Listening, listen } from '@parterre/client';
import { useEffect, useRef, useState } from 'preact/hooks';

export function useListening(space: string): Listening {
  const held = useRef<Listening | null>(null);
  held.current ??= listen({ space });
  const listening = held.current;
  const [, redraw] = useState(0);
  useEffect(() => {
    const unsubscribe = listening.subscribe(() => redraw((count) => count + 1));
    return () => {
      unsubscribe();
      listening.stop();
    };
  }, [listening]);
  return listening;
}
