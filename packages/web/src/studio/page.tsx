/**
 * The way onto the stage: who are you, sound check, stage. One `Speaking` is made when the pass is there
 * and lives until the page goes.
 */
import { type Speaking, speak } from '@parterre/client';
import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { keep, kept } from '../i18n/language.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { Notice, StatePill } from '../ui/notice.tsx';
import { CheckIn } from './check-in.tsx';
import { type Entry, enter, readAddress } from './entry.ts';
import { StageRoom } from './stage-room.tsx';
import { useSpeaking } from './use-speaking.ts';
import { STUDIO_WORDS } from './words.ts';

const address = readAddress(location.pathname, location.hash);

export function StudioPage() {
  const words = useWords(STUDIO_WORDS);
  const shell = useWords(SHELL_WORDS);
  const [entry, setEntry] = useState<Entry | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let here = true;
    enter(address).then(
      (entered) => here && setEntry(entered),
      (thrown) => here && setProblem(asProblem(thrown)),
    );
    return () => {
      here = false;
    };
  }, [tries]);
  useEffect(() => {
    document.title = entry === null ? words.pageTitleBare : words.pageTitle(entry.space.title);
  }, [words, entry]);
  if (problem !== null) {
    const isCut = address.kind === 'invite' && address.token === '';
    return (
      <Notice code={problem.code} detail={isCut ? words.emptyInvite : problem.detail}>
        <div class="row">
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              setProblem(null);
              setTries((count) => count + 1);
            }}
          >
            {shell.tryAgain}
          </button>
          {address.kind === 'studio' ? (
            <a class="button" href={`/${encodeURIComponent(address.space)}`}>
              {words.justListen}
            </a>
          ) : null}
          <a class="button button-plain" href="/">
            {words.toHome}
          </a>
        </div>
      </Notice>
    );
  }
  if (entry === null) {
    return (
      <p class="loading soft" role="status">
        {shell.loading}
      </p>
    );
  }
  return <Studio entry={entry} />;
}

function Studio({ entry }: { entry: Entry }) {
  const [held, setHeld] = useState<{ speaking: Speaking; pass: string } | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const come = async (name: string) => {
    setProblem(null);
    keep('parterre.name', name);
    try {
      const { pass, iceServers } = await rest.pass(entry.space.id, name, entry.invite);
      // An owner who named no host is it; the space goes on without one if this fails.
      if (entry.invite === null && entry.space.host === '')
        rest.change(entry.space.id, { host: name }).catch(() => {});
      const speaking = speak({ space: entry.space.id, pass, name, iceServers });
      // Nobody would be asked for a microphone here: what is missing is said at once.
      if (!window.isSecureContext) void speaking.openMicrophone();
      setHeld({ speaking, pass });
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  };
  if (held === null) return <NameForm entry={entry} come={come} problem={problem} />;
  return (
    <Present
      entry={entry}
      speaking={held.speaking}
      pass={held.pass}
      startOver={() => setHeld(null)}
    />
  );
}

interface PresentProps {
  readonly entry: Entry;
  readonly speaking: Speaking;
  readonly pass: string;
  startOver(): void;
}

/** Sound check until the stage is asked for, then the stage. */
function Present({ entry, speaking, pass, startOver }: PresentProps) {
  useSpeaking(speaking);
  useEffect(() => () => speaking.leave(), [speaking]);
  if (speaking.state.phase === 'idle') return <CheckIn entry={entry} speaking={speaking} />;
  return <StageRoom entry={entry} speaking={speaking} pass={pass} startOver={startOver} />;
}

interface NameFormProps {
  readonly entry: Entry;
  readonly problem: Problem | null;
  come(name: string): Promise<void>;
}

function NameForm({ entry, come, problem }: NameFormProps) {
  const words = useWords(STUDIO_WORDS);
  const [busy, setBusy] = useState(false);
  return (
    <section class="narrow">
      <header class="stack">
        <div class="row">
          <StatePill state={entry.space.state} />
          <span class="soft small">{words.role[entry.role]}</span>
        </div>
        <h1>{entry.space.title}</h1>
        {entry.invite === null ? null : (
          <p class="soft">{words.invitedAs(words.role[entry.role])}</p>
        )}
      </header>
      <form
        class="panel stack"
        onSubmit={(event) => {
          event.preventDefault();
          const name = String(new FormData(event.currentTarget).get('name') ?? '').trim();
          if (name === '') return;
          setBusy(true);
          void come(name).finally(() => setBusy(false));
        }}
      >
        <label class="labelled">
          <span>{words.nameTitle}</span>
          <input
            class="field"
            name="name"
            required
            maxLength={60}
            autocomplete="name"
            defaultValue={entry.name || (kept('parterre.name') ?? '')}
            aria-describedby="name-lead"
          />
        </label>
        <p id="name-lead" class="soft small">
          {words.nameLead}
        </p>
        {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
        <button type="submit" class="button button-primary" disabled={busy}>
          {words.next}
        </button>
      </form>
    </section>
  );
}
