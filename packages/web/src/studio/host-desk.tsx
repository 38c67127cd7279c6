/** The hand of host and co-host on the house: doors, start, end, and the invitations. */
import type { PublicSpace, Role, SpaceState } from '@parterre/protocol';
import type { Invite } from '@parterre/protocol/schemas';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem, rest, type SpaceAction } from '../api/rest.ts';
import type { ToldSpace } from '../api/space-now.ts';
import { CrowdNote } from '../crowd/crowd-note.tsx';
import { useWords } from '../i18n/context.ts';
import { ClipPanel } from '../opening/clip-panel.tsx';
import { AskFirst } from '../ui/ask-first.tsx';
import { CopyLink } from '../ui/copy-link.tsx';
import { Notice } from '../ui/notice.tsx';
import { ChecklistPanel } from './checklist.tsx';
import { STUDIO_WORDS } from './words.ts';

const ROLES: readonly Role[] = ['speaker', 'cohost', 'host'];
/** What who is not the owner may invite to, and withdraw. */
const GUEST_ROLES: readonly Role[] = ['speaker'];

interface HostDeskProps {
  readonly space: ToldSpace;
  /** As the stage says it, which is sooner than the edge. */
  readonly state: SpaceState;
  /** Who is not the owner acts by their pass. */
  readonly pass: string | undefined;
  changed(): void;
}

/** Whether the space waits for its host alone: the start is then asked for at the head of the room. */
export function awaitsHost(space: PublicSpace, state: SpaceState): boolean {
  return state === 'doors' && space.startsAtMs === null;
}

function useAction({ space, pass, changed }: HostDeskProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async (action: SpaceAction) => {
    setBusy(true);
    setProblem(null);
    try {
      await rest.act(space.id, action, pass);
      changed();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { act, busy, problem };
}

/** The doors are open and no start is announced: the one thing left to do, before everything else. */
export function StartCall(props: HostDeskProps) {
  const words = useWords(STUDIO_WORDS);
  const { act, busy, problem } = useAction(props);
  return (
    <section class="panel stack start-call" aria-label={words.start}>
      <div class="row">
        <p>{words.startWhenReady}</p>
        <button
          type="button"
          class="button button-primary"
          disabled={busy}
          onClick={() => void act('start')}
        >
          {words.start}
        </button>
      </div>
      {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
    </section>
  );
}

export function HostDesk(props: HostDeskProps) {
  const { space, state, pass } = props;
  const words = useWords(STUDIO_WORDS);
  const { act, busy, problem } = useAction(props);
  const startable = state === 'scheduled' || state === 'doors';
  return (
    <>
      <section class="panel stack" aria-labelledby="house-title">
        <h2 id="house-title">{words.house}</h2>
        <p class="soft small">{words.stateLead[state]}</p>
        <CrowdNote told={space} />
        <div class="row">
          {state === 'scheduled' ? (
            <button type="button" class="button" disabled={busy} onClick={() => void act('doors')}>
              {words.openDoors}
            </button>
          ) : null}
          {startable && !awaitsHost(space, state) ? (
            <button
              type="button"
              class="button button-primary"
              disabled={busy}
              onClick={() => void act('start')}
            >
              {words.start}
            </button>
          ) : null}
          {state === 'live' || state === 'doors' ? (
            <AskFirst
              label={words.end}
              question={words.endAsk}
              yes={words.endYes}
              busy={busy}
              act={() => void act('end')}
            />
          ) : null}
        </div>
        {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
        <CopyLink label={words.listenLink} link={async () => `${location.origin}/${space.id}`} />
      </section>
      {startable ? <ChecklistPanel space={space} pass={pass} /> : null}
      <ClipPanel space={space} state={state} pass={pass} />
      <Invitations space={space.id} pass={pass} />
    </>
  );
}

function Invitations({ space, pass }: { space: string; pass: string | undefined }) {
  const words = useWords(STUDIO_WORDS);
  const roles = pass === undefined ? ROLES : GUEST_ROLES;
  const [role, setRole] = useState<Role>('speaker');
  const [name, setName] = useState('');
  const [invites, setInvites] = useState<readonly Invite[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);
  const refresh = useCallback(async () => {
    try {
      const made = await rest.invites(space, pass);
      setInvites(made.filter(({ revokedAtMs }) => revokedAtMs === null));
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  }, [space, pass]);
  useEffect(() => void refresh(), [refresh]);
  const make = async () => {
    setProblem(null);
    const { path } = await rest.invite(space, role, name.trim(), pass);
    setName('');
    void refresh();
    return new URL(path, location.origin).href;
  };
  const withdraw = async (id: string) => {
    try {
      await rest.withdraw(space, id, pass);
      await refresh();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  };
  return (
    <section class="panel stack" aria-labelledby="invites-title">
      <h2 id="invites-title">{words.invites}</h2>
      <label class="labelled">
        <span>{words.inviteName}</span>
        <input
          class="field"
          maxLength={60}
          value={name}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="labelled">
        <span>{words.inviteRole}</span>
        <select
          class="field"
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        >
          {roles.map((choice) => (
            <option key={choice} value={choice}>
              {words.role[choice]}
            </option>
          ))}
        </select>
      </label>
      <CopyLink
        label={words.inviteMake}
        link={make}
        failed={(thrown) => setProblem(asProblem(thrown))}
      />
      {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
      {invites.length === 0 ? null : (
        <details>
          <summary>{`${words.inviteList} (${invites.length})`}</summary>
          <ul class="seats">
            {invites.map((invite) => (
              <li key={invite.id} class="seat row">
                <span class="seat-name">
                  {invite.name || words.anyone}
                  <small class="soft">{words.role[invite.role]}</small>
                </span>
                {roles.includes(invite.role) ? (
                  <button
                    type="button"
                    class="button button-plain button-danger"
                    onClick={() => void withdraw(invite.id)}
                  >
                    {words.withdraw}
                  </button>
                ) : null}
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
