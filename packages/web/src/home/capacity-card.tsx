/**
 * What this server has proven that it carries: the newest certificate with what it is worth now, or how
 * to get one. It repeats what was signed and claims nothing of its own.
 */
import type { Certificate, KeptCertificate } from '@parterre/protocol/certificate';
import { useContext, useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { Notice } from '../ui/notice.tsx';
import { dateText } from '../ui/time.ts';
import { CAPACITY_WORDS } from './capacity-words.ts';

const REFRESH_MS = 60_000;
const LOOPBACK = 'http://127.0.0.1:8040';

/** The newest certificate; null when there is none, undefined until that is known. */
function useNewest() {
  const [newest, setNewest] = useState<KeptCertificate | null | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let here = true;
    const look = async () => {
      try {
        const found = await rest.newestCertificate();
        if (here) setNewest(found);
        if (here) setProblem(null);
      } catch (thrown) {
        if (here) setProblem(asProblem(thrown));
      }
    };
    void look();
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, REFRESH_MS);
    return () => {
      here = false;
      window.clearInterval(timer);
    };
  }, []);
  return { newest, problem };
}

export function CapacityCard() {
  const words = useWords(CAPACITY_WORDS);
  const { newest, problem } = useNewest();
  if (problem === null && newest === undefined) return null;
  return (
    <section class="stack" aria-labelledby="capacity-title">
      <h2 id="capacity-title">{words.title}</h2>
      {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
      {newest === null ? (
        <div class="panel stack">
          <p>{words.none}</p>
          <Command />
        </div>
      ) : null}
      {newest ? <Proven kept={newest} /> : null}
    </section>
  );
}

/** What certifies this very server: a rehearsal on its own machine. */
function Command() {
  const words = useWords(CAPACITY_WORDS);
  const near = /^(localhost|127\..*)$/.test(location.hostname) ? location.origin : LOOPBACK;
  return (
    <p>
      <code class="command">
        parterre rehearse {near}/{words.space}
      </code>
    </p>
  );
}

function Proven({ kept }: { kept: KeptCertificate }) {
  const words = useWords(CAPACITY_WORDS);
  const language = useContext(LanguageContext);
  const { state, differs, certificate } = kept;
  const { id, capacity, issuedAtMs, expiresAtMs, rehearsal } = certificate.payload;
  const number = (value: number) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: 0 }).format(value);
  const date = (atMs: number) => dateText(atMs, Date.now(), language);
  const changed = [...new Set(differs.map((name) => name.split('.')[0] ?? name))].map(
    (part) => (words.parts as Readonly<Record<string, string>>)[part] ?? part,
  );
  return (
    <article class="panel capacity">
      <p class={`pill ${state === 'valid' ? 'pill-good' : 'pill-warn'}`}>{words.state[state]}</p>
      <dl class={state === 'valid' ? 'capacity-figures' : 'capacity-figures capacity-past'}>
        <Figure value={number(capacity.listeners)} name={words.listeners} />
        <Figure value={number(capacity.joinsPerS)} name={words.joins} />
      </dl>
      <p class="soft small">
        {words.scope(rehearsal.scenario)} {words.issued(date(issuedAtMs))};{' '}
        {state === 'expired' ? words.expired(date(expiresAtMs)) : words.until(date(expiresAtMs))}.
      </p>
      {changed.length === 0 ? null : (
        <p class="small">
          {words.changed(changed.join(', '))} <span class="soft">({differs.join(', ')})</span>
        </p>
      )}
      {state === 'valid' ? null : (
        <>
          <p class="small">{words.again}</p>
          <Command />
        </>
      )}
      <Promises certificate={certificate} />
      <div class="row">
        <a class="button" href={`/api/certificates/${id}/report?lang=${language}`}>
          {words.report}
        </a>
        <a
          class="button button-plain"
          href={`/api/certificates/${id}`}
          download={`parterre-certificate-${id}.json`}
        >
          {words.download}
        </a>
      </div>
    </article>
  );
}

function Figure({ value, name }: { value: string; name: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="figures">{value}</dd>
    </div>
  );
}

function Promises({ certificate }: { certificate: Certificate }) {
  const words = useWords(CAPACITY_WORDS);
  const language = useContext(LanguageContext);
  const amount = (measure: string, value: number) => {
    const figure = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
    return measure.endsWith('_s') ? `${figure} s` : figure;
  };
  return (
    <details>
      <summary>{words.promises}</summary>
      <ul class="capacity-promises small">
        {certificate.payload.promises.map(({ promise, measure, measured, limit }) => (
          <li key={measure}>
            <span class="soft">{promise}</span>{' '}
            {words.atMost(
              words.measures[measure] ?? measure,
              amount(measure, measured),
              amount(measure, limit),
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
