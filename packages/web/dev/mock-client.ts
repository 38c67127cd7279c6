/**
 * A make-believe SDK for work on the pages: the state stands in the address, for example
 * `?phase=reconnecting` or `?stage=failed&code=already_on_stage`. Pressing Listen plays nothing.
 */
import type {
  Listening,
  ListenOptions,
  ListenState,
  MicrophoneState,
  Speaking,
  SpeakOptions,
  SpeakState,
} from '@parterre/client';
import type { Place, Seat, Snapshot, SpaceState } from '@parterre/protocol';

export type * from '@parterre/client';

const query = new URLSearchParams(location.search);

function subscriptions<C>() {
  const listeners = new Set<(change: C) => void>();
  return {
    subscribe: (listener: (change: C) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (change: C) => {
      for (const listener of listeners) listener(change);
    },
  };
}

function listenStateOf(phase: string): ListenState {
  switch (phase) {
    case 'reconnecting':
      return { phase, audible: query.has('audible'), attempt: 2 };
    case 'paused':
      return { phase, reason: 'system' };
    case 'failed':
      return { phase, code: 'not_supported', message: '', remedy: '' };
    case 'queued':
      return {
        phase,
        ahead: 128,
        eta: { leastMs: 180_000, mostMs: 340_000, why: query.has('later') ? 'slower' : null },
        draw: null,
        lapsed: query.has('lapsed'),
        working: false,
      };
    case 'autoplay':
      return { phase: 'paused', reason: 'autoplay' };
    case 'waiting':
      return { phase, startsAtMs: 0, doorsAtMs: 0, space: null };
    case 'connecting':
    case 'buffering':
    case 'playing':
    case 'holding':
      return { phase };
    default:
      return { phase: 'idle' };
  }
}

const snapshotOf = (state: SpaceState, holding: boolean): Snapshot => ({
  v: 1,
  state,
  title: 'An evening with Ada and Grace',
  host: 'Ada Lovelace',
  startsAtMs: 0,
  liveAtMs: null,
  profile: 'steady',
  holding,
  seats: holding
    ? []
    : [
        { id: 'a', name: 'Ada Lovelace', muted: false, speaking: true },
        { id: 'b', name: 'Grace Hopper', muted: false, speaking: false },
        { id: 'c', name: 'Vera Rubin', muted: true, speaking: false },
      ],
});

export function listen({ space }: ListenOptions): Listening {
  const { subscribe, tell } = subscriptions<'state'>();
  let state: ListenState = { phase: 'idle' };
  const set = (next: ListenState) => {
    state = next;
    tell('state');
  };
  return {
    space,
    get state() {
      return state;
    },
    get snapshot() {
      const heard =
        state.phase === 'playing' || state.phase === 'holding' || state.phase === 'reconnecting';
      return heard
        ? snapshotOf(
            ['soon', 'late', 'whenever'].includes(space) ? 'doors' : 'live',
            state.phase === 'holding',
          )
        : null;
    },
    stats: {
      seq: 1,
      bufferedMs: 3_000,
      latencyMs: 3_900,
      rate: 1,
      gaps: 0,
      stalls: 0,
      reconnects: 0,
      skipped: 0,
      bytes: 0,
      engine: 'mse',
      connection: 'own',
    },
    element: document.createElement('audio'),
    programmeMs: null,
    serverNowMs: Date.now(),
    volume: 0.8,
    muted: false,
    play: async () =>
      set(
        query.has('phase') && state.phase === 'idle'
          ? listenStateOf(query.get('phase')!)
          : { phase: 'playing' },
      ),
    pause: () => set({ phase: 'paused', reason: 'listener' }),
    stop: () => {},
    subscribe,
  };
}

export function speak({ name }: SpeakOptions): Speaking {
  const { subscribe, tell } = subscriptions<'state'>();
  let phase: SpeakState = { phase: 'idle' };
  let place: Place = 'green';
  let muted = false;
  let microphone: MicrophoneState = { phase: 'closed' };
  const processing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const open = async () => {
    const denied = query.get('microphone');
    microphone =
      denied === null
        ? { phase: 'open', deviceId: 'one', label: 'Desk microphone', processing }
        : { phase: 'failed', code: 'microphone_denied', message: '', remedy: '' };
    tell('state');
    return denied === null;
  };
  const connected = (): SpeakState => {
    const asked = query.get('stage');
    if (asked === 'failed')
      return {
        phase: 'failed',
        code: (query.get('code') ?? 'already_on_stage') as 'already_on_stage',
        message: '',
        remedy: '',
      };
    if (asked === 'reconnecting') return { phase: 'reconnecting', sinceMs: 0, attempt: 1 };
    return { phase: 'connected', place };
  };
  const seat = (id: string, who: string, at: Place, more: Partial<Seat> = {}): Seat => ({
    id,
    name: who,
    role: 'speaker',
    place: at,
    muted: false,
    connected: true,
    ...more,
  });
  const change = (work: () => void) => {
    work();
    tell('state');
  };
  return {
    get state() {
      return phase;
    },
    seat: 'me',
    role: 'host',
    get roster() {
      return [
        seat('me', name, place, { role: 'host', muted }),
        seat('b', 'Grace Hopper', 'stage'),
        seat('c', 'Vera Rubin', 'stage', { muted: true }),
        seat('d', 'A guest on a train', 'green', { connected: false }),
      ];
    },
    get levels() {
      return { b: 0.2 + 0.15 * Math.sin(performance.now() / 200), me: muted ? 0 : 0.02 };
    },
    get programmeLevel() {
      return 0.25 + 0.1 * Math.sin(performance.now() / 200);
    },
    slots: ['b', null, null],
    space: query.has('doors')
      ? { state: 'doors', liveAtMs: null }
      : { state: 'live', liveAtMs: Date.now() - 754_000 },
    get microphone() {
      return microphone;
    },
    get inputLevel() {
      return 0.12 + 0.1 * Math.sin(performance.now() / 170);
    },
    devices: [
      { deviceId: 'one', label: 'Desk microphone' },
      { deviceId: 'two', label: 'Headset' },
    ],
    get muted() {
      return muted;
    },
    silenced: false,
    quality: {
      verdict: 'good',
      roundTripMs: 20,
      lossShare: 0,
      jitterMs: 1,
      bitrateBps: 48_000,
      path: 'host',
      protocol: 'udp',
    },
    clip: null,
    iceServers: [],
    volume: 1,
    openMicrophone: open,
    closeMicrophone: () => {},
    useDevice: async () => true,
    setProcessing: async () => true,
    join: async () => change(() => (phase = connected())),
    takeOver: async () => change(() => (phase = { phase: 'connected', place })),
    leave: () => change(() => (phase = { phase: 'left' })),
    setMuted: (to) => change(() => (muted = to)),
    pressToTalk: (pressed) => change(() => (muted = !pressed)),
    selfTest: async () => ({
      udp: 'ok',
      stun: 'not_configured',
      turn: 'not_configured',
      signallingMs: 21,
      media: 'not_connected',
      verdict: 'limited',
      advice: [],
    }),
    soundCheck: async () => ({
      durationMs: 4_000,
      peak: 0.5,
      rmsDb: -20,
      verdict: 'good',
      play: async () => {},
      stop: () => {},
    }),
    playOnAir: async () => Promise.reject(new Error('file_unreadable')),
    place: (id, to) =>
      change(() => {
        if (id !== 'me') return;
        place = to;
        phase = { phase: 'connected', place };
      }),
    silence: () => {},
    remove: () => {},
    subscribe,
  };
}
