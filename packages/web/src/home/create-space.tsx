/** A new space from one field; time, host and sound wait behind a disclosure with good defaults. */
import type { CreateSpace } from '@parterre/protocol/schemas';
import { useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { StartFields } from './start-fields.tsx';
import { HOME_WORDS } from './words.ts';

/** What the form says, as the api takes it: what was left empty is left out. */
export function createRequest(form: FormData): CreateSpace {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const startsAt = text('startsAt');
  const zone = text('zone');
  const doorsMinutes = Number.parseInt(text('doorsMinutes'), 10);
  return {
    title: text('title'),
    ...(text('host') === '' ? {} : { host: text('host') }),
    ...(startsAt === '' ? {} : { startsAt, zone }),
    ...(startsAt === '' || Number.isNaN(doorsMinutes) ? {} : { doorsMinutes }),
    profile: text('profile') === 'steady' ? 'steady' : 'near',
    rendition: text('rendition') === 'music' ? 'music' : 'voice',
    holdingSound: form.get('holdingSound') !== null,
  };
}

export function CreateSpaceForm({ created }: { created: () => void }) {
  const words = useWords(HOME_WORDS);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const submit = async (form: HTMLFormElement) => {
    setBusy(true);
    setProblem(null);
    try {
      await rest.create(createRequest(new FormData(form)));
      form.reset();
      setMade((count) => count + 1);
      created();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="panel stack" aria-labelledby="new-space-title">
      <h1 id="new-space-title">{words.newSpace}</h1>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <div class="create-line">
          <label class="labelled create-title">
            <span>{words.title}</span>
            <input
              class="field"
              name="title"
              required
              maxLength={120}
              placeholder={words.titleHint}
              autocomplete="off"
            />
          </label>
          <button type="submit" class="button button-primary" disabled={busy}>
            <Icon name="plus" />
            {busy ? words.creating : words.create}
          </button>
        </div>
        {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
        <CreateDetails key={made} />
      </form>
    </section>
  );
}

function CreateDetails() {
  const words = useWords(HOME_WORDS);
  return (
    <details class="more">
      <summary>{words.more}</summary>
      <StartFields />
      <div class="create-grid">
        <label class="labelled">
          <span>{words.host}</span>
          <input class="field" name="host" maxLength={60} autocomplete="name" />
        </label>
        <label class="labelled">
          <span>{words.profile}</span>
          <select class="field" name="profile">
            <option value="near">{words.near}</option>
            <option value="steady">{words.steady}</option>
          </select>
        </label>
        <label class="labelled">
          <span>{words.rendition}</span>
          <select class="field" name="rendition">
            <option value="voice">{words.voice}</option>
            <option value="music">{words.music}</option>
          </select>
        </label>
        <label class="check">
          <input type="checkbox" name="holdingSound" checked />
          <span>{words.holding}</span>
        </label>
      </div>
    </details>
  );
}
