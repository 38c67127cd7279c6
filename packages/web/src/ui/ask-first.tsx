/**
 * What cannot be undone, in two steps: the second names what is lost. The focus goes to the way back, and
 * from there to where it was, so that a keyboard never loses its place.
 */
import { useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';

interface AskFirstProps {
  readonly label: string;
  /** The button's whole name, where others beside it say the same; begins with `label`. */
  readonly name?: string;
  readonly question: string;
  readonly yes: string;
  readonly busy?: boolean;
  act(): void;
}

function focus(element: HTMLElement | null): void {
  element?.focus();
}

export function AskFirst({ label, name, question, yes, busy = false, act }: AskFirstProps) {
  const shell = useWords(SHELL_WORDS);
  const [step, setStep] = useState<'offered' | 'asked' | 'withdrawn'>('offered');
  if (step !== 'asked') {
    return (
      <button
        key="offer"
        type="button"
        ref={step === 'withdrawn' ? focus : null}
        class="button button-plain button-danger"
        aria-label={name}
        onClick={() => setStep('asked')}
      >
        {label}
      </button>
    );
  }
  return (
    <div key="question" class="row" role="alert">
      <span class="small">{question}</span>
      <button type="button" class="button button-danger" disabled={busy} onClick={act}>
        {yes}
      </button>
      <button
        type="button"
        ref={focus}
        class="button button-plain"
        onClick={() => setStep('withdrawn')}
      >
        {shell.cancel}
      </button>
    </div>
  );
}
