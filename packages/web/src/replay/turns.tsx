/** Who spoke when, as buttons that play from there. Long recordings show as many as a page can bear. */
import { useWords } from '../i18n/context.ts';
import { clockText } from '../ui/time.ts';
import type { Recording } from './recording.ts';
import { REPLAY_WORDS } from './words.ts';

/** Buttons a page holds without becoming slow. */
const TURNS_SHOWN_MAX = 600;

interface TurnsProps {
  readonly recording: Recording;
  readonly atMs: number;
  playFrom(ms: number): void;
}

export function Turns({ recording, atMs, playFrom }: TurnsProps) {
  const words = useWords(REPLAY_WORDS);
  const turns = recording.turns.slice(0, TURNS_SHOWN_MAX);
  return (
    <div class="stack">
      <h2>{words.turns}</h2>
      {turns.length === 0 ? <p class="soft">{words.noTurns}</p> : null}
      <ol class="turns">
        {turns.map((turn) => {
          const now = turn.fromMs <= atMs && atMs < turn.toMs;
          const at = clockText(turn.fromMs);
          return (
            <li key={`${turn.fromMs} ${turn.name}`}>
              <button
                type="button"
                class={now ? 'turn turn-now' : 'turn'}
                aria-current={now ? 'true' : undefined}
                aria-label={words.playFrom(turn.name, at)}
                onClick={() => playFrom(turn.fromMs)}
              >
                <span class="soft figures">{at}</span>
                <span class="turn-name">{turn.name}</span>
                <span class="soft figures small">{clockText(turn.toMs - turn.fromMs)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
