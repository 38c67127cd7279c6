/** A failure said in plain words with the way out, and the state of a space as a pill. */
import type { SpaceState } from '@parterre/protocol';
import type { ComponentChildren } from 'preact';
import { useWords } from '../i18n/context.ts';
import { PROBLEM_WORDS, type ProblemCode } from '../i18n/problems.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';

interface NoticeProps {
  readonly code: ProblemCode;
  /** What the server added, such as the field that is wrong. */
  readonly detail?: string | undefined;
  readonly children?: ComponentChildren;
}

/** Announced at once to those who hear the page. */
export function Notice({ code, detail, children }: NoticeProps) {
  const { message, remedy } = useWords(PROBLEM_WORDS)[code];
  return (
    <div class="notice notice-bad" role="alert">
      <div>
        <p>
          <strong>{withCommands(message)}</strong>
        </p>
        <p class="soft">{withCommands(remedy)}</p>
        {detail === undefined ? null : <p class="small soft">{detail}</p>}
      </div>
      {children}
    </div>
  );
}

/** What stands between backticks is to be typed. */
function withCommands(text: string): ComponentChildren {
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? <code key={piece}>{piece}</code> : piece));
}

export function StatePill({ state }: { state: SpaceState }) {
  const words = useWords(SHELL_WORDS);
  const kind = state === 'live' ? 'pill pill-live' : state === 'doors' ? 'pill pill-doors' : 'pill';
  return <span class={kind}>{words.state[state]}</span>;
}
