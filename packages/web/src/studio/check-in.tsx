/**
 * The sound check: microphone, level, processing, hearing oneself, and whether this network lets a voice
 * through. Nothing is sent to the stage here. Who has no microphone goes on without one.
 */
import type { ConnectivityReport, SoundCheck, Speaking } from '@parterre/client';
import { useRef, useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { useArrival } from '../ui/arrival.ts';
import { Icon } from '../ui/icons.tsx';
import { StatePill } from '../ui/notice.tsx';
import type { Entry } from './entry.ts';
import { MicrophoneSettings, MicrophoneTrouble } from './microphone.tsx';
import { STUDIO_WORDS } from './words.ts';

export function CheckIn({ entry, speaking }: { entry: Entry; speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const heading = useArrival();
  const { phase } = speaking.microphone;
  const open = phase === 'open' || phase === 'interrupted';
  return (
    <section class="narrow">
      <header class="stack">
        <div class="row">
          <StatePill state={entry.space.state} />
          <span class="soft small">{entry.space.title}</span>
        </div>
        <h1 ref={heading} tabIndex={-1}>
          {words.checkTitle}
        </h1>
        <p class="soft">{words.checkLead}</p>
      </header>
      <MicrophoneTrouble speaking={speaking} />
      {open ? (
        <>
          <div class="panel stack">
            <MicrophoneSettings speaking={speaking} />
            <p class="soft small">{words.levelHint}</p>
            <HearYourself speaking={speaking} />
          </div>
          <SelfTest speaking={speaking} />
          <button
            type="button"
            class="button button-primary button-wide"
            onClick={() => void speaking.join()}
          >
            {words.join}
          </button>
        </>
      ) : phase === 'failed' ? (
        <>
          <JoinWithout speaking={speaking} />
          <SelfTest speaking={speaking} />
          <a class="button" href={`/${encodeURIComponent(entry.space.id)}`}>
            {words.justListen}
          </a>
        </>
      ) : (
        <div class="panel stack ask">
          <Icon name="mic" />
          <button
            type="button"
            class="button button-primary button-wide"
            disabled={phase === 'opening'}
            onClick={() => void speaking.openMicrophone()}
          >
            {phase === 'opening' ? words.opening : words.allow}
          </button>
          <p class="soft small">{words.allowLead}</p>
          <button type="button" class="button button-plain" onClick={() => joinWithout(speaking)}>
            {words.joinWithout}
          </button>
        </div>
      )}
    </section>
  );
}

/** The microphone may be tried again on stage: what was wrong with it is behind. */
function joinWithout(speaking: Speaking): void {
  speaking.closeMicrophone();
  void speaking.join({ microphone: false });
}

function JoinWithout({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  return (
    <div class="panel stack">
      <button type="button" class="button button-wide" onClick={() => joinWithout(speaking)}>
        {words.joinWithout}
      </button>
      <p class="soft small">{words.joinWithoutLead}</p>
    </div>
  );
}

type Hearing = 'idle' | 'recording' | 'playing';

function HearYourself({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const [hearing, setHearing] = useState<Hearing>('idle');
  const [check, setCheck] = useState<SoundCheck | null>(null);
  const last = useRef<SoundCheck | null>(null);
  const play = async (made: SoundCheck) => {
    setHearing('playing');
    await made.play();
    setHearing('idle');
  };
  const record = async () => {
    last.current?.stop();
    setHearing('recording');
    try {
      const made = await speaking.soundCheck();
      last.current = made;
      setCheck(made);
      await play(made);
    } catch {
      setHearing('idle'); // the microphone went away; its own notice says so
    }
  };
  return (
    <div class="stack">
      <div class="row">
        <button
          type="button"
          class="button"
          disabled={hearing !== 'idle'}
          onClick={() => void record()}
        >
          <Icon name="mic" />
          {words.record}
        </button>
        {check === null ? null : (
          <button
            type="button"
            class="button"
            disabled={hearing !== 'idle'}
            onClick={() => void play(check)}
          >
            <Icon name="play" />
            {words.playAgain}
          </button>
        )}
      </div>
      <p class="small steady-line" role="status">
        {hearing === 'recording' ? words.recording : null}
        {hearing === 'playing' ? words.playingBack : null}
        {hearing === 'idle' && check !== null ? words.verdict[check.verdict] : null}
      </p>
    </div>
  );
}

function SelfTest({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const [report, setReport] = useState<ConnectivityReport | 'testing' | null>(null);
  const test = () => {
    setReport('testing');
    speaking.selfTest().then(setReport, () => setReport(null));
  };
  return (
    <div class="panel stack">
      <button type="button" class="button" disabled={report === 'testing'} onClick={test}>
        {report === 'testing' ? words.testing : words.selfTest}
      </button>
      <div role="status">
        {report === null || report === 'testing' ? null : <Report report={report} />}
      </div>
    </div>
  );
}

function Report({ report }: { report: ConnectivityReport }) {
  const words = useWords(STUDIO_WORDS);
  const lines: readonly (readonly [string, string])[] = [
    [words.testUdp, words.outcome[report.udp]],
    [words.testStun, words.outcome[report.stun]],
    [words.testTurn, words.outcome[report.turn]],
    [
      words.testSignalling,
      report.signallingMs === null ? words.notYet : `${Math.round(report.signallingMs)} ms`,
    ],
  ];
  return (
    <div class="stack">
      <p>
        <strong>{words.testVerdict[report.verdict]}</strong>
      </p>
      <dl class="report">
        {lines.map(([what, outcome]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{outcome}</dd>
          </div>
        ))}
      </dl>
      {report.verdict === 'ok' ? null : (
        <ul class="advice small">
          {report.udp === 'failed' || report.stun === 'failed' ? <li>{words.adviceUdp}</li> : null}
          {report.turn === 'not_configured' ? <li>{words.adviceRelay}</li> : null}
          {report.turn === 'failed' ? <li>{words.adviceRelayDown}</li> : null}
        </ul>
      )}
    </div>
  );
}
