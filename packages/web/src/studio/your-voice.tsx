/**
 * Your place (green room or on air) and your microphone: mute, or hold to talk by space bar or finger; or
 * the way to one, for who is here without.
 * A held key is let go when the page loses the focus: nobody stays open by accident.
 */
import type { Speaking } from '@parterre/client';
import type { Role, SpaceState } from '@parterre/protocol';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { Meter } from './meter.tsx';
import { TurnOn } from './microphone.tsx';
import { STUDIO_WORDS } from './words.ts';

/** Where a space is a space or presses something itself. */
const TAKES_SPACE = 'input, textarea, select, button, summary, a, [contenteditable]';

function useSpaceBar(speaking: Speaking, active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const press = (event: KeyboardEvent) => {
      if (event.code !== 'Space') return;
      const held = event.target instanceof HTMLElement && event.target.closest('[data-hold]');
      if (!held && event.target instanceof Element && event.target.closest(TAKES_SPACE)) return;
      event.preventDefault();
      if (!event.repeat) speaking.pressToTalk(true);
    };
    const release = (event: KeyboardEvent) => {
      if (event.code === 'Space') speaking.pressToTalk(false);
    };
    const letGo = () => speaking.pressToTalk(false);
    window.addEventListener('keydown', press);
    window.addEventListener('keyup', release);
    window.addEventListener('blur', letGo);
    return () => {
      window.removeEventListener('keydown', press);
      window.removeEventListener('keyup', release);
      window.removeEventListener('blur', letGo);
      letGo();
    };
  }, [speaking, active]);
}

interface YourVoiceProps {
  readonly speaking: Speaking;
  readonly role: Role;
  readonly state: SpaceState;
}

export function YourVoice({ speaking, role, state }: YourVoiceProps) {
  const words = useWords(STUDIO_WORDS);
  const onAir = speaking.state.phase === 'connected' && speaking.state.place === 'stage';
  const [place, lead] = whereHeard(speaking, words, state);
  const { phase } = speaking.microphone;
  const hasMicrophone = phase === 'open' || phase === 'interrupted';
  return (
    <section class={onAir ? 'panel voice voice-on-air' : 'panel voice'}>
      <div class="voice-place">
        <div role="status">
          <p class="voice-word">{place}</p>
          <p class="soft small">{lead}</p>
        </div>
        <PlaceButton speaking={speaking} onAir={onAir} role={role} />
      </div>
      {hasMicrophone ? <Meter read={() => (speaking.muted ? 0 : speaking.inputLevel)} /> : null}
      {hasMicrophone ? <Talk speaking={speaking} /> : <Without speaking={speaking} />}
    </section>
  );
}

/** Where you are, and who hears you there. */
function whereHeard(
  speaking: Speaking,
  words: typeof STUDIO_WORDS.en,
  state: SpaceState,
): readonly [place: string, lead: string] {
  const at = speaking.state;
  if (at.phase === 'reconnecting') return [words.cutOff, words.cutOffLead];
  const onAir = at.phase === 'connected' && at.place === 'stage';
  const place = onAir ? words.onAir : words.greenRoom;
  const { phase } = speaking.microphone;
  if (phase !== 'open' && speaking.clip === null) {
    const isAway = phase === 'failed' || phase === 'interrupted';
    return [place, isAway ? words.unheardAway : words.unheard];
  }
  if (!onAir) return [place, words.greenLead];
  return [place, state === 'scheduled' ? words.onAirBefore : words.onAirLead];
}

function PlaceButton(props: { speaking: Speaking; onAir: boolean; role: Role }) {
  const { speaking, onAir, role } = props;
  const words = useWords(STUDIO_WORDS);
  const { seat } = speaking;
  if (seat === null || speaking.state.phase !== 'connected') return null;
  if (role === 'speaker' && !onAir) return <p class="soft small">{words.waitForHost}</p>;
  return (
    <button
      type="button"
      class={onAir ? 'button' : 'button button-live'}
      onClick={() => speaking.place(seat, onAir ? 'green' : 'stage')}
    >
      {onAir ? words.goGreen : words.goOnAir}
    </button>
  );
}

function Talk({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const [pushing, setPushing] = useState(false);
  useSpaceBar(speaking, pushing);
  const { muted } = speaking;
  const isOpen = speaking.microphone.phase === 'open';
  const release = () => speaking.pressToTalk(false);
  return (
    <div class="stack">
      <div class="row">
        {pushing ? (
          <button
            type="button"
            data-hold
            class={muted ? 'button talk' : 'button talk talk-open'}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              speaking.pressToTalk(true);
            }}
            onPointerUp={release}
            onPointerCancel={release}
            onContextMenu={(event) => event.preventDefault()}
          >
            <Icon name={muted ? 'micOff' : 'mic'} />
            {words.hold}
          </button>
        ) : (
          <button
            type="button"
            class={muted ? 'button button-primary talk' : 'button talk'}
            onClick={() => speaking.setMuted(!muted)}
          >
            <Icon name={muted ? 'micOff' : 'mic'} />
            {muted ? words.unmute : words.mute}
          </button>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={pushing}
            onChange={(event) => {
              const hold = event.currentTarget.checked;
              speaking.setMuted(hold);
              setPushing(hold);
            }}
          />
          <span>{words.pushToTalk}</span>
        </label>
      </div>
      <div class="row">
        <p class="small soft steady-line voice-now" role="status">
          {speaking.silenced ? words.silencedNow : muted ? words.mutedNow : isOpen && words.openNow}
          {pushing ? ` ${words.pushHint}` : null}
        </p>
        <Leave speaking={speaking} />
      </div>
    </div>
  );
}

/** A microphone may come at any time; one that failed has its own notice with the way back. */
function Without({ speaking }: { speaking: Speaking }) {
  return (
    <div class="row">
      {speaking.microphone.phase === 'failed' ? null : <TurnOn speaking={speaking} />}
      <Leave speaking={speaking} />
    </div>
  );
}

function Leave({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  return (
    <button
      type="button"
      class="button button-plain button-danger voice-leave"
      onClick={() => {
        const onAir = speaking.state.phase === 'connected' && speaking.state.place === 'stage';
        if (!onAir || window.confirm(words.leaveAsk)) speaking.leave();
      }}
    >
      {words.leave}
    </button>
  );
}
