/**
 * A make-believe server for work on the pages: spaces in every state, an owner when the address bar says
 * `?owner`, an api that answers as the schemas say. Runs inside Vite's development server only.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NowServing, OverflowWord, PublicSpace, SpaceState } from '@parterre/protocol';
import type {
  Certificate,
  CertificateList,
  CertificateState,
} from '@parterre/protocol/certificate';
import type { Checklist, GroupList } from '@parterre/protocol/schemas';
import type { Plugin } from 'vite';

const DURATION_MS = 754_000;
const startedMs = Date.now();

function space(
  id: string,
  title: string,
  host: string,
  state: SpaceState,
  startsInMs: number,
): PublicSpace {
  const startsAtMs = startedMs + startsInMs;
  return {
    id,
    title,
    host,
    state,
    profile: 'steady',
    rendition: 'voice',
    startsAtMs,
    doorsAtMs: startsAtMs - 600_000,
    liveAtMs: state === 'live' || state === 'ended' ? startsAtMs : null,
    endedAtMs: state === 'ended' ? startsAtMs + DURATION_MS : null,
    replayReady: id !== 'finishing',
  };
}

const SPACES = new Map(
  [
    space('demo', 'Two voices in an empty house', 'Parterre', 'live', -1_234_000),
    space('evening', 'An evening with Ada and Grace', 'Ada Lovelace', 'live', -754_000),
    space('tomorrow', 'What the night sky says', 'Vera Rubin', 'scheduled', 93_784_000),
    space('crowded', 'Two voices, one full house', 'Ada Lovelace', 'live', -312_000),
    space('costly', 'A rush at the door', 'Ada Lovelace', 'live', -31_000),
    space('drawn', 'Places drawn by lot', 'Grace Hopper', 'doors', 200_000),
    space('called', 'It is your turn', 'Grace Hopper', 'live', -100_000),
    space('soon', 'The first reading', 'Grace Hopper', 'doors', 247_000),
    space('late', 'The host is late', 'Grace Hopper', 'doors', -60_000),
    {
      ...space('whenever', 'Whenever you are ready', 'Ada Lovelace', 'doors', 0),
      startsAtMs: null,
    },
    {
      ...space('never', 'It never began', 'Ada Lovelace', 'ended', -760_000),
      liveAtMs: null,
      replayReady: false,
    },
    space('finishing', 'Just finished', 'Emmy Noether', 'ended', -760_000),
    space('last-week', 'The symmetry of things', 'Emmy Noether', 'ended', -700_000_000),
  ].map((known) => [known.id, known]),
);

function replayInfo() {
  const peaks = Array.from({ length: DURATION_MS / 200 }, (_, index) => {
    const phrase = Math.sin(index / 23) + Math.sin(index / 7.3) * 0.6 + Math.sin(index / 61);
    return Math.round(Math.max(4, Math.min(255, 90 + phrase * 62 + ((index * 7919) % 61) - 30)));
  });
  const names = ['Emmy Noether', 'David Hilbert', 'Guest from Göttingen'];
  const turns = Array.from({ length: 24 }, (_, index) => ({
    name: names[(index * 2 + (index % 5)) % 3]!,
    fromMs: index * 31_000,
    toMs: index * 31_000 + 26_500,
  }));
  return {
    spaceId: 'last-week',
    title: '',
    host: '',
    durationMs: DURATION_MS,
    liveAtMs: 0,
    peaks,
    peakEveryMs: 200,
    turns,
  };
}

/** A second of a quiet tone per second: enough for an `<audio>` to have a length. */
function wave(): Buffer {
  const rate = 8_000;
  const length = Math.round((DURATION_MS / 1_000) * rate);
  const bytes = Buffer.alloc(44 + length, 128);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(length, 40);
  return bytes;
}

function json(response: ServerResponse, status: number, body: unknown): unknown {
  return response
    .writeHead(status, { 'Content-Type': 'application/json' })
    .end(JSON.stringify(body));
}

/** One certificate, in the state that the page's address names: `?owner&capacity=stale`, or `none`. */
function certificates(referer: string): CertificateList {
  const named = /[?&]capacity=(\w+)/.exec(referer)?.[1] ?? 'valid';
  if (named === 'none') return { certificates: [] };
  const state = named as CertificateState;
  const differs = state === 'stale' ? ['build.digest', 'topology.edges'] : [];
  const issuedAtMs = startedMs - 5 * 86_400_000;
  const expiresAtMs = issuedAtMs + (state === 'expired' ? 4 : 30) * 86_400_000;
  const payload = {
    id: 'c3v9x2m7q4w8z1a5',
    issuedAtMs,
    expiresAtMs,
    capacity: { listeners: 60_000, joinsPerS: 1_500 },
    rehearsal: { scenario: 'stampede' },
    promises: [
      { promise: 'P1', measure: 'gaps', limit: 0, measured: 0, held: true },
      { promise: 'P2', measure: 'join.first_audio.p95_s', limit: 2, measured: 0.118, held: true },
      { promise: 'P1', measure: 'latency.p99_s', limit: 3.6, measured: 2.26, held: true },
    ],
  };
  const certificate = { payload, publicKey: '', signature: '' } as unknown as Certificate;
  return { certificates: [{ state, differs, certificate }] };
}

const CHECKLIST: Checklist = {
  ready: false,
  points: [
    { id: 'certificate', verdict: 'bad', found: 'stale', figure: null },
    { id: 'disk', verdict: 'good', found: 'ok', figure: 900 },
    { id: 'clock', verdict: 'unknown', found: 'not_known', figure: null },
    { id: 'people', verdict: 'good', found: 'here', figure: 2 },
    { id: 'backup', verdict: 'bad', found: 'nobody', figure: 0 },
    { id: 'clip', verdict: 'good', found: 'there', figure: 34 },
  ],
};

const GROUPS: GroupList = {
  groups: [
    ['Press', 'pressaaaaaaa', 20],
    ['People who need captions', 'captionsaaaa', 8],
  ].map(([name, id, seats]) => ({
    id: String(id),
    name: String(name),
    seats: Number(seats),
    linkExpiresAtMs: startedMs + 90 * 86_400_000,
    path: '/evening?seat=example',
  })),
};

const unknown = (response: ServerResponse, code = 'unknown_space') =>
  json(response, 404, { error: { code, message: code, remedy: '' } });

function api(request: IncomingMessage, response: ServerResponse, path: string): unknown {
  const owner = /[?&]owner|\/studio\//.test(request.headers.referer ?? '');
  const [, , collection, id, action] = path.split('/');
  const list = [...SPACES.values()].map((known) => ({
    ...known,
    holdingSound: true,
    createdAtMs: 0,
  }));
  if (collection === 'me') return json(response, 200, { owner });
  if (collection === 'session') return json(response, 200, { owner: true });
  if (collection === 'certificates')
    return json(response, 200, certificates(request.headers.referer ?? ''));
  if (collection === 'invites') {
    return json(response, 200, {
      space: SPACES.get('evening'),
      role: 'speaker',
      name: 'Grace Hopper',
    });
  }
  if (collection !== 'spaces') return unknown(response, 'unknown_path');
  if (id === undefined) return json(response, 200, { spaces: list, nextOffset: null });
  const known = SPACES.get(id);
  if (known === undefined) return unknown(response);
  if (action === 'pass')
    return json(response, 200, {
      pass: 'pass',
      role: 'host',
      expiresAtMs: 0,
      stagePath: '',
      whipPath: '',
      iceServers: [],
    });
  if (action === 'checklist') return json(response, 200, CHECKLIST);
  if (action === 'clip')
    return json(response, 200, { clip: { name: 'overture.mp3', durationMs: 34_000 } });
  if (action === 'groups') return json(response, 200, GROUPS);
  if (action === 'invites' && request.method === 'GET') {
    return json(response, 200, {
      invites: [{ id: 'i1', role: 'speaker', name: 'Grace', createdAtMs: 0, revokedAtMs: null }],
    });
  }
  if (action === 'invites')
    return json(response, 200, { id: 'i2', role: 'speaker', name: '', path: '/invite#example' });
  return json(response, 200, known);
}

const SEED = '07'.repeat(32);
const COMMIT = createHash('sha256').update(Buffer.from(SEED, 'hex')).digest('hex');
const ENTRANTS = 812;
/** Tickets of the line are of this second. */
const SECOND = Math.floor(startedMs / 1_000);

/** How the line of a space stands: `crowded` and `costly` are full, `drawn` too, `called` calls everybody. */
function gate(known: PublicSpace): NowServing {
  const { id, doorsAtMs } = known;
  const drawn = id === 'drawn';
  const second = drawn ? Math.floor(doorsAtMs / 1_000) : SECOND;
  return {
    space: id,
    atMs: Date.now(),
    open: ['crowded', 'costly', 'drawn', 'called'].includes(id),
    front: { second: id === 'called' ? SECOND + 1 : second - 1, rank: 0 },
    turnS: 60,
    perMinute: 40,
    waiting: ENTRANTS,
    seconds: drawn ? [[second, 0, ENTRANTS]] : [[second, 127, 2]],
    lottery:
      drawn || known.state === 'scheduled'
        ? {
            commit: COMMIT,
            closesAtMs: doorsAtMs,
            entrants: ENTRANTS,
            root: drawn ? 'ab'.repeat(32) : null,
            seed: drawn ? SEED : null,
          }
        : null,
  };
}

function ticket(response: ServerResponse, known: PublicSpace, query: string): unknown {
  if (known.id === 'costly' && !query.includes('work='))
    return json(response, 428, {
      error: { code: 'work_needed', message: '', remedy: '' },
      challenge: { text: 'make-believe', bits: 24 },
    });
  const drawn = known.id === 'drawn' || known.state === 'scheduled';
  return json(response, 201, {
    ticket: 'make-believe',
    id: 'A'.repeat(22),
    second: SECOND,
    rank: drawn ? null : 2 ** 31,
    expiresAtMs: Date.now() + 43_200_000,
    commit: COMMIT,
  });
}

/** The gate's documents, and who speaks. */
function waitingRoom(response: ServerResponse, path: string, query: string): boolean {
  const [, id, what] = /^\/(?:gate|spaces)\/([^/]+)(\/tickets|\/now\.json)?$/.exec(path) ?? [];
  const known = SPACES.get(id ?? '');
  if (known === undefined || path.endsWith(`${id}.json`)) return false;
  if (what === '/tickets') ticket(response, known, query);
  else if (what === undefined) json(response, 200, gate(known));
  else
    json(response, 200, {
      space: known.id,
      atMs: Date.now(),
      state: known.state,
      holding: known.state !== 'live',
      speaking: known.state === 'live' ? ['Ada Lovelace'] : [],
      seats: known.state === 'live' ? ['Ada Lovelace', 'Grace Hopper', 'Vera Rubin'] : [],
    });
  return true;
}

/** What newcomers meet, as the page's address names it (`?overflow=hls-places`); a line where there is one. */
function overflow(known: PublicSpace, referer: string): OverflowWord {
  const [, named, by] = /[?&]overflow=(\w+)-(\w+)/.exec(referer) ?? [];
  const waits = known.id === 'crowded';
  return {
    overflow: (named ?? (waits ? 'line' : 'none')) as OverflowWord['overflow'],
    overflowBy: (by ?? (waits ? 'places' : null)) as OverflowWord['overflowBy'],
    overflowSinceMs: named === undefined || named === 'line' ? null : startedMs - 250_000,
  };
}

function serve(request: IncomingMessage, response: ServerResponse, next: () => void): unknown {
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  if (waitingRoom(response, path, query)) return;
  if (path.startsWith('/api/')) return api(request, response, path);
  const file = /^\/spaces\/([^/.]+)(\.json|\/replay\.(mp4|ogg|json))$/.exec(path);
  if (file !== null) {
    const known = SPACES.get(file[1]!);
    if (known === undefined) return unknown(response);
    if (file[2] === '.json') {
      const met = overflow(known, request.headers.referer ?? '');
      return json(response, 200, { ...known, ...met, nowMs: Date.now() });
    }
    if (file[3] === 'json') return json(response, 200, replayInfo());
    const bytes = wave();
    const [from = 0] = (/bytes=(\d+)/.exec(request.headers.range ?? '') ?? []).slice(1).map(Number);
    const headers = {
      'Content-Type': 'audio/wav',
      'Accept-Ranges': 'bytes',
      'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    };
    return response.writeHead(206, headers).end(bytes.subarray(from));
  }
  if (path === '/owner') request.url = '/index.html';
  else if (path.startsWith('/studio/') || path === '/invite') request.url = '/studio.html';
  else if (/^\/[a-z0-9][a-z0-9-]{2,63}$/.test(path) && path !== '/src')
    request.url = '/listen.html';
  return next();
}

/** Answers instead of a server, before Vite looks at files. */
export function mockServer(): Plugin {
  return {
    name: 'parterre-mock-server',
    configureServer(server) {
      server.middlewares.use(serve);
    },
    configurePreviewServer(server) {
      server.middlewares.use(serve);
    },
  };
}
