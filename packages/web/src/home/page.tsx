/**
 * What `/` shows: to everybody what Parterre is and the demo when one runs, to the owner also their
 * spaces. `/owner#token=…` spends the one-time token once and takes it out of the address at once, so
 * that it stays in no history.
 */
import type { PublicSpace } from '@parterre/protocol';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { asProblem, rest } from '../api/rest.ts';
import { spaceNow } from '../api/space-now.ts';
import { useWords } from '../i18n/context.ts';
import type { ProblemCode } from '../i18n/problems.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { House } from '../ui/house.tsx';
import { Icon } from '../ui/icons.tsx';
import { Notice, StatePill } from '../ui/notice.tsx';
import { OwnerDesk } from './owner-desk.tsx';
import { HOME_WORDS } from './words.ts';

type Visitor = 'unknown' | 'guest' | 'owner';

/** The token behind `#`, taken out of the address. */
function takeOwnerToken(): string | null {
  if (location.pathname !== '/owner') return null;
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  history.replaceState(null, '', '/');
  return token;
}

// Taken once when the page loads: a component may be made twice, a token spent only once.
const ownerToken = takeOwnerToken();

function useVisitor() {
  const [visitor, setVisitor] = useState<Visitor>('unknown');
  const [problem, setProblem] = useState<ProblemCode | null>(null);
  useEffect(() => {
    let here = true;
    const find = async () => {
      try {
        if (ownerToken !== null) await rest.signIn(ownerToken);
      } catch (thrown) {
        if (here) setProblem(asProblem(thrown).code);
      }
      try {
        const owner = await rest.isOwner();
        if (here) setVisitor(owner ? 'owner' : 'guest');
      } catch {
        if (here) setVisitor('guest');
      }
    };
    void find();
    return () => {
      here = false;
    };
  }, []);
  const leave = async () => {
    try {
      await rest.signOut();
      setVisitor('guest');
      setProblem(null);
    } catch (thrown) {
      setProblem(asProblem(thrown).code);
    }
  };
  return { visitor, problem, leave };
}

export function HomePage() {
  const words = useWords(HOME_WORDS);
  const shell = useWords(SHELL_WORDS);
  const { visitor, problem, leave } = useVisitor();
  useEffect(() => {
    document.title = words.pageTitle;
  }, [words]);
  return (
    <>
      {problem === null ? null : <Notice code={problem} />}
      {visitor === 'unknown' ? (
        <p class="loading soft" role="status">
          {ownerToken === null ? shell.loading : words.signingIn}
        </p>
      ) : null}
      {visitor === 'owner' ? <OwnerDesk leave={() => void leave()} /> : null}
      {visitor === 'guest' ? <Welcome /> : null}
    </>
  );
}

function useDemo(): PublicSpace | null {
  const [demo, setDemo] = useState<PublicSpace | null>(null);
  useEffect(() => {
    let here = true;
    spaceNow('demo').then(
      ({ space }) => here && setDemo(space),
      () => {}, // no demo runs: the page has nothing to offer in its place
    );
    return () => {
      here = false;
    };
  }, []);
  return demo;
}

function Welcome() {
  const words = useWords(HOME_WORDS);
  const demo = useDemo();
  const playing = demo?.state === 'live' || demo?.state === 'doors';
  const light = useMemo(
    () => ({
      level: () => (playing ? 0.55 + 0.15 * Math.sin(performance.now() / 900) : 0.22),
      lamps: playing ? [0.85, 0.45] : [0.5],
      houseLights: 0.25,
      seated: false,
    }),
    [playing],
  );
  return (
    <div class="welcome">
      <section class="hero">
        <h1>
          <span>{words.headline[0]}</span> <span>{words.headline[1]}</span>
        </h1>
        <p class="lead">{words.lead}</p>
        <div class="demo">
          {demo === null ? null : (
            <>
              <a class="button button-primary demo-listen" href="/demo">
                <Icon name="play" />
                {words.listen}
              </a>
              <span class="row demo-about">
                <StatePill state={demo.state} />
                <span class="soft small">{playing ? words.demoLead : demo.title}</span>
              </span>
            </>
          )}
        </div>
      </section>
      <div class="house-frame">
        <House light={light} />
      </div>
      <section class="points">
        {(
          [
            [words.pointStart, words.pointStartLead],
            [words.pointStay, words.pointStayLead],
            [words.pointEverywhere, words.pointEverywhereLead],
          ] as const
        ).map(([title, text]) => (
          <div key={title} class="point">
            <h2>{title}</h2>
            <p class="soft">{text}</p>
          </div>
        ))}
      </section>
      <section class="points points-wide">
        <div class="point">
          <h2>{words.guestTitle}</h2>
          <p class="soft">{words.guestLead}</p>
        </div>
        <div class="point">
          <h2>{words.ownerTitle}</h2>
          <p class="soft">{words.ownerLead}</p>
          <p>
            <code class="command">parterre owner-link</code>
          </p>
        </div>
      </section>
    </div>
  );
}
