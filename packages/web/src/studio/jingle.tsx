/** A file or a jingle on air, mixed into one's own stream by the SDK. */
import type { Speaking } from '@parterre/client';
import { useRef, useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { clockText } from '../ui/time.ts';
import { STUDIO_WORDS } from './words.ts';

export function Jingle({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  const [unreadable, setUnreadable] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const { clip } = speaking;
  const play = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = '';
    if (file === undefined) return;
    try {
      await speaking.playOnAir(file, { name: file.name });
      setUnreadable(false);
    } catch {
      setUnreadable(true);
    }
  };
  return (
    <section class="panel stack" aria-labelledby="jingle-title">
      <h2 id="jingle-title">{words.jingle}</h2>
      <p class="soft small">
        {speaking.microphone.phase === 'open' ? words.jingleLead : words.jingleAlone}
      </p>
      <input
        ref={picker}
        hidden
        type="file"
        accept="audio/*"
        aria-label={words.chooseFile}
        onChange={(event) => void play(event.currentTarget)}
      />
      <div class="row">
        <button type="button" class="button" onClick={() => picker.current?.click()}>
          <Icon name="note" />
          {words.chooseFile}
        </button>
        {clip?.playing ? (
          <button type="button" class="button" onClick={() => clip.stop()}>
            <Icon name="stop" />
            {words.stopFile}
          </button>
        ) : null}
      </div>
      {clip?.playing ? (
        <p class="small figures clip-name">
          {clip.name} · {clockText(clip.positionMs)} / {clockText(clip.durationMs)}
        </p>
      ) : null}
      {unreadable ? <Notice code="file_unreadable" /> : null}
    </section>
  );
}
