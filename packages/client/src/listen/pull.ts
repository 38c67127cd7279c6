/**
 * The same programme pulled from a cache, for those who come when the live lane takes nobody more: part after
 * part of the hls lane's Opus, which are the live lane's own fragments, so that the reader, the numbers and
 * the source buffer are the same and a move from one lane to the other is not heard. Names follow from the
 * clock; the list is read now and then, for what has left it, for the end, and for whether there is room on
 * the live lane again. A whole house goes back spread over half a minute.
 */
import type { System } from './system.ts';

const SEGMENT_CHUNKS = 24;
const PART_CHUNKS = 5;
const LIST_MS = 4_000;
/** A part that is not there yet is asked for again. */
const AGAIN_MS = 250;
/** In a row; about three parts. */
const AGAIN_MAX = 12;
const SPREAD_MS = 30_000;
/** Of the profile `far`. Not imported: this is a chunk of its own, and must not take the profiles out of the others. */
export const BUFFER_CHUNKS = 40;

/** What a list says. */
interface List {
  /** Before the names of its segments. */
  readonly run: string;
  readonly init: string;
  readonly firstSeq: number;
  /** After all that is there. */
  readonly endSeq: number;
  readonly over: boolean;
  /** Newcomers are taken on the live lane. */
  readonly room: boolean;
}

/**
 * Reads like one connection: init segment, then fragments in order. It is done when there is room on the live
 * lane or the programme is over, and rejects when the cache fails.
 * @param url of the list of renditions, or of anything beside it
 * @param fromSeq the first sequence wanted; null begins so far behind the end as `far` buffers
 */
export function pull(
  url: string,
  fromSeq: number | null,
  system: System,
  signal: AbortSignal,
): { read(): Promise<ReadableStreamReadResult<Uint8Array>> } {
  const pieces = piecesOf(url, fromSeq, system, signal);
  return {
    async read() {
      const { value } = await pieces.next();
      return value === undefined ? { done: true, value } : { done: false, value };
    },
  };
}

async function* piecesOf(
  url: string,
  fromSeq: number | null,
  system: System,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const listUrl = new URL('opus/index.m3u8', url);
  const get = (name: string): Promise<Response> =>
    system.fetch(new URL(name, listUrl).href, { signal, credentials: 'omit' });
  let list = await read(await get(''));
  let readAtMs = system.monotonicMs();
  let leaveAtMs: number | null = null;
  yield await bytesOf(await get(list.init));
  let seq = Math.max(list.firstSeq, fromSeq ?? list.endSeq - BUFFER_CHUNKS);
  for (let tries = 0; tries < AGAIN_MAX; ) {
    const nowMs = system.monotonicMs();
    if (tries > 0 || nowMs - readAtMs > LIST_MS) {
      list = await read(await get(''));
      readAtMs = nowMs;
      if (list.over && seq >= list.endSeq) return;
      seq = Math.max(seq, list.firstSeq);
    }
    leaveAtMs = list.room ? (leaveAtMs ?? nowMs + system.random() * SPREAD_MS) : null;
    if (leaveAtMs !== null && nowMs >= leaveAtMs) return;
    const { name, nextSeq } = pieceAt(seq, list.endSeq);
    const answer = await get(`${list.run}/${name}.m4s`);
    if (answer.ok) {
      yield await bytesOf(answer);
      seq = nextSeq;
      tries = 0;
    } else {
      tries++;
      await new Promise<void>((resolve) => system.after(AGAIN_MS, resolve));
      if (signal.aborted) return;
    }
  }
  throw new Error('the cache has no more');
}

/** What holds `seq`: a whole segment where that is there, else a part of it. */
function pieceAt(seq: number, endSeq: number): { readonly name: string; readonly nextSeq: number } {
  const msn = Math.floor(seq / SEGMENT_CHUNKS);
  const startSeq = msn * SEGMENT_CHUNKS;
  if (startSeq + SEGMENT_CHUNKS <= endSeq)
    return { name: `${msn}`, nextSeq: startSeq + SEGMENT_CHUNKS };
  const part = Math.floor((seq - startSeq) / PART_CHUNKS);
  const nextSeq = startSeq + Math.min(SEGMENT_CHUNKS, (part + 1) * PART_CHUNKS);
  return { name: `${msn}.${part}`, nextSeq };
}

async function read(answer: Response): Promise<List> {
  if (!answer.ok) throw new Error(`the list: status ${answer.status}`);
  const text = await answer.text();
  const [, init = '', run = ''] = /URI="((.+)\/init-\d\.mp4)"/.exec(text) ?? [];
  const pieces = [...text.matchAll(/\/(\d+)(?:\.(\d))?\.m4s/g)]
    .filter(
      ({ input, index }) =>
        !input.slice(input.lastIndexOf('\n', index)).startsWith('\n#EXT-X-PRELOAD'),
    )
    .map(([, msn, part]) => {
      const startSeq = Number(msn) * SEGMENT_CHUNKS;
      const chunks =
        part === undefined
          ? SEGMENT_CHUNKS
          : Math.min(SEGMENT_CHUNKS, (Number(part) + 1) * PART_CHUNKS);
      return { startSeq, endSeq: startSeq + chunks };
    });
  if (init === '') throw new Error('the list names no init segment');
  return {
    run,
    init,
    firstSeq: Math.min(...pieces.map(({ startSeq }) => startSeq)),
    endSeq: Math.max(0, ...pieces.map(({ endSeq }) => endSeq)),
    over: text.includes('#EXT-X-ENDLIST'),
    room: /room/.test(answer.headers.get('parterre-lane') ?? ''),
  };
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
