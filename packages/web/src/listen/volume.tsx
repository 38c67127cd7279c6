/**
 * Volume and mute of the programme. Where the system keeps the volume to itself (iOS), only mute is
 * shown: a slider that does nothing would be a lie.
 */
import type { Listening } from '@parterre/client';
import { useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { LISTEN_WORDS } from './words.ts';

function volumeCanBeSet(): boolean {
  const probe = document.createElement('audio');
  probe.volume = 0.5;
  return probe.volume === 0.5;
}

export function Volume({ listening }: { listening: Listening }) {
  const words = useWords(LISTEN_WORDS);
  const [slider] = useState(volumeCanBeSet);
  const label = listening.muted ? words.unmute : words.mute;
  return (
    <div class="volume">
      <button
        type="button"
        class="button button-plain"
        aria-label={label}
        title={label}
        onClick={() => {
          listening.muted = !listening.muted;
        }}
      >
        <Icon name={listening.muted ? 'quiet' : 'speaker'} />
      </button>
      {slider ? (
        <input
          type="range"
          class="range"
          min="0"
          max="100"
          step="1"
          aria-label={words.volume}
          value={Math.round(listening.volume * 100)}
          onInput={(event) => {
            listening.volume = Number(event.currentTarget.value) / 100;
          }}
        />
      ) : null}
    </div>
  );
}
