/**
 * The clip a space opens with, for who runs it: chosen from a file, replaced or taken away until the start.
 * Once it is on air, how long it still plays, so that nobody speaks into it unknowingly.
 */
import { type PublicSpace, RENDITIONS, type SpaceState } from '@parterre/protocol';
import type { OpeningClip } from '@parterre/protocol/schemas';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSecondTick } from '../ui/ticking.ts';
import { clockText } from '../ui/time.ts';
import { samplesOf } from './samples.ts';
import { OPENING_WORDS } from './words.ts';

interface ClipPanelProps {
  readonly space: PublicSpace;
  readonly state: SpaceState;
  /** A host's pass; the owner's cookie serves otherwise. */
  readonly pass: string | undefined;
}

export function ClipPanel({ space, state, pass }: ClipPanelProps) {
  const words = useWords(OPENING_WORDS);
  const [clip, setClip] = useState<OpeningClip['clip']>(null);
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const { id, rendition } = space;
  const refresh = useCallback(
    () =>
      rest.clip(id, pass).then(
        (found) => setClip(found.clip),
        () => {},
      ),
    [id, pass],
  );
  useEffect(() => void refresh(), [refresh]);
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await work();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    } finally {
      setShare(null);
      await refresh();
    }
  };
  const choose = (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = '';
    if (file === undefined) return;
    void attempt(async () => {
      setShare(0);
      const pcm = await samplesOf(file, RENDITIONS[rendition].channels);
      await rest.bringClip(id, file.name, pcm, setShare, pass);
    });
  };
  if (state === 'ended' || (state === 'live' && clip === null)) return null;
  if (state === 'live')
    return <ClipOnAir clip={clip!} endsAtMs={(space.liveAtMs ?? 0) + clip!.durationMs} />;
  const busy = share !== null;
  return (
    <section class="panel stack" aria-labelledby={`clip-title-${id}`}>
      <h2 id={`clip-title-${id}`}>{words.clip}</h2>
      <p class="soft small">{words.clipLead}</p>
      {clip === null ? null : (
        <p class="figures clip-name">
          {clip.name} · {clockText(clip.durationMs)}
        </p>
      )}
      <input
        ref={picker}
        hidden
        type="file"
        accept="audio/*"
        aria-label={words.clipChoose}
        onChange={(event) => choose(event.currentTarget)}
      />
      <div class="row">
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => picker.current?.click()}
        >
          <Icon name="note" />
          {clip === null ? words.clipChoose : words.clipReplace}
        </button>
        {clip === null ? null : (
          <button
            type="button"
            class="button button-plain button-danger"
            disabled={busy}
            onClick={() => void attempt(() => rest.removeClip(id, pass))}
          >
            {words.clipRemove}
          </button>
        )}
      </div>
      <p class="soft small figures" role="status">
        {share === null ? '' : words.clipBusy(Math.round(share * 100))}
      </p>
      {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
    </section>
  );
}

function ClipOnAir({
  clip,
  endsAtMs,
}: {
  clip: NonNullable<OpeningClip['clip']>;
  endsAtMs: number;
}) {
  const words = useWords(OPENING_WORDS);
  const nowMs = Date.now();
  useSecondTick(nowMs < endsAtMs);
  if (nowMs >= endsAtMs) return null;
  return (
    <section class="panel stack" aria-labelledby="clip-on-air">
      <h2 id="clip-on-air">{words.clip}</h2>
      <p class="clip-name" role="status">
        {words.clipOnAir(clip.name)}
      </p>
      <p class="figures">{words.clipLeft(clockText(endsAtMs - nowMs))}</p>
    </section>
  );
}
