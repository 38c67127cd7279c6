/**
 * A button that makes a link and copies it. Where the browser refuses the clipboard (no HTTPS), the link
 * is shown, selected, to be copied by hand.
 */
import { useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { Icon } from './icons.tsx';

interface CopyLinkProps {
  readonly label: string;
  /** The button's whole name, where others beside it say the same; begins with `label`. */
  readonly name?: string;
  link(): Promise<string>;
  failed?(thrown: unknown): void;
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function CopyLink({ label, name, link, failed }: CopyLinkProps) {
  const words = useWords(SHELL_WORDS);
  const [shown, setShown] = useState<{ link: string; copied: boolean } | null>(null);
  const make = async () => {
    try {
      const made = await link();
      setShown({ link: made, copied: await copied(made) });
    } catch (thrown) {
      failed?.(thrown);
    }
  };
  return (
    <>
      <button type="button" class="button" aria-label={name} onClick={() => void make()}>
        <Icon name={shown?.copied ? 'check' : 'link'} />
        {label}
      </button>
      {shown === null ? null : (
        <span class="copied" role="status">
          {/* Said before the link, so that it is heard first. */}
          <span class="small soft">{shown.copied ? words.copied : words.copyFailed}</span>
          <input
            class="field copied-link"
            readOnly
            aria-label={name ?? label}
            value={shown.link}
            onFocus={(event) => event.currentTarget.select()}
          />
        </span>
      )}
    </>
  );
}
