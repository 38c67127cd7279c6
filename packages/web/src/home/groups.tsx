/** Groups of a space that have seats kept: how many, a link for each, one more, one less. */
import { GROUP_SEATS_MAX, GROUPS_MAX } from '@parterre/protocol';
import type { GroupList, WriteGroups } from '@parterre/protocol/schemas';
import { useCallback, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { AskFirst } from '../ui/ask-first.tsx';
import { CopyLink } from '../ui/copy-link.tsx';
import { Notice } from '../ui/notice.tsx';
import { GROUPS_WORDS } from './groups-words.ts';

type Groups = GroupList['groups'];

/** Asks only once it is opened. */
export function GroupsPanel({ space }: { space: string }) {
  const words = useWords(GROUPS_WORDS);
  const [groups, setGroups] = useState<Groups | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const attempt = useCallback(async (work: () => Promise<GroupList>): Promise<boolean> => {
    setProblem(null);
    try {
      setGroups((await work()).groups);
      return true;
    } catch (thrown) {
      setProblem(asProblem(thrown));
      return false;
    }
  }, []);
  const write = (wanted: WriteGroups['groups']) => attempt(() => rest.writeGroups(space, wanted));
  const kept = (groups ?? []).map(({ id, name, seats }) => ({ id, name, seats }));
  return (
    <details
      class="groups"
      onToggle={(event) => {
        if (event.currentTarget.open) void attempt(() => rest.groups(space));
      }}
    >
      <summary>{words.title}</summary>
      <div class="stack">
        <p class="soft small">{words.lead}</p>
        <ul class="group-list">
          {(groups ?? []).map((group) => (
            <li key={group.id} class="row">
              <span class="group-name">
                {group.name} <small class="soft figures">{words.seatsOf(group.seats)}</small>
              </span>
              <CopyLink
                label={words.link}
                name={words.linkOf(group.name)}
                link={async () => new URL(group.path, location.origin).href}
              />
              <AskFirst
                label={words.remove}
                name={words.removeOf(group.name)}
                question={words.removeAsk(group.name)}
                yes={words.removeYes}
                act={() => void write(kept.filter(({ id }) => id !== group.id))}
              />
            </li>
          ))}
        </ul>
        {groups !== null && groups.length < GROUPS_MAX ? (
          <AddGroup add={(group) => write([...kept, group])} />
        ) : null}
        {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
      </div>
    </details>
  );
}

function AddGroup({
  add,
}: {
  add: (group: { readonly name: string; readonly seats: number }) => Promise<boolean>;
}) {
  const words = useWords(GROUPS_WORDS);
  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const name = String(fields.get('name') ?? '').trim();
    if (await add({ name, seats: Number(fields.get('seats')) })) form.reset();
  };
  return (
    <form
      class="group-add"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <label class="labelled">
        <span>{words.name}</span>
        <input class="field" name="name" required maxLength={60} autocomplete="off" />
      </label>
      <label class="labelled group-seats">
        <span>{words.seats}</span>
        <input
          class="field"
          name="seats"
          type="number"
          required
          min="1"
          max={GROUP_SEATS_MAX}
          defaultValue={10}
        />
      </label>
      <button type="submit" class="button">
        {words.add}
      </button>
    </form>
  );
}
