/** Who is on stage and in the green room, how loud, and what a moderator can do for them. */
import type { Speaking } from '@parterre/client';
import type { Seat } from '@parterre/protocol';
import { useWords } from '../i18n/context.ts';
import { AskFirst } from '../ui/ask-first.tsx';
import { Icon } from '../ui/icons.tsx';
import { Meter } from './meter.tsx';
import { STUDIO_WORDS } from './words.ts';

/** Louder than this is speaking, not breathing. */
const SPEAKING_LEVEL = 0.02;

export function People({ speaking, moderates }: { speaking: Speaking; moderates: boolean }) {
  const words = useWords(STUDIO_WORDS);
  const stage = speaking.roster.filter((seat) => seat.place === 'stage');
  const green = speaking.roster.filter((seat) => seat.place === 'green');
  const list = (seats: readonly Seat[]) => (
    <ul class="seats">
      {seats.map((seat) => (
        <Person key={seat.id} seat={seat} speaking={speaking} moderates={moderates} />
      ))}
    </ul>
  );
  return (
    <div class="stack">
      <h2>{words.people}</h2>
      {stage.length === 0 ? <p class="soft small">{words.nobodyOnAir}</p> : list(stage)}
      {green.length === 0 ? null : (
        <>
          <h2>{words.greenRoom}</h2>
          {list(green)}
        </>
      )}
    </div>
  );
}

interface PersonProps {
  readonly seat: Seat;
  readonly speaking: Speaking;
  readonly moderates: boolean;
}

function Person({ seat, speaking, moderates }: PersonProps) {
  const words = useWords(STUDIO_WORDS);
  const level = speaking.levels[seat.id] ?? 0;
  const own = seat.id === speaking.seat;
  const heard = !seat.muted && level > SPEAKING_LEVEL;
  // Who reads this is here; that their own sound is on its way is said elsewhere.
  const how =
    !seat.connected && !own
      ? words.away
      : seat.muted
        ? words.micOff
        : heard
          ? words.speaking
          : words.role[seat.role];
  return (
    <li class={heard ? 'seat seat-heard' : 'seat'}>
      <div class="seat-line">
        <Icon name={seat.muted ? 'micOff' : 'mic'} />
        <span class="seat-name">
          {seat.name}
          {own ? <span class="soft"> ({words.you})</span> : null}
          <small class="soft">{how}</small>
        </span>
        <Meter read={() => speaking.levels[seat.id] ?? 0} />
      </div>
      {moderates && !own ? <SeatActions seat={seat} speaking={speaking} /> : null}
    </li>
  );
}

function SeatActions({ seat, speaking }: { seat: Seat; speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const onStage = seat.place === 'stage';
  return (
    <fieldset class="row seat-actions">
      <legend class="visually-hidden">{words.actionsFor(seat.name)}</legend>
      <button
        type="button"
        class={onStage ? 'button' : 'button button-live'}
        onClick={() => speaking.place(seat.id, onStage ? 'green' : 'stage')}
      >
        {onStage ? words.toGreen : words.bring}
      </button>
      {seat.muted ? null : (
        <button type="button" class="button" onClick={() => speaking.silence(seat.id)}>
          {words.silence}
        </button>
      )}
      <AskFirst
        label={words.remove}
        question={words.removeAsk(seat.name)}
        yes={words.remove}
        act={() => speaking.remove(seat.id)}
      />
    </fieldset>
  );
}
