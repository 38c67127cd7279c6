/**
 * One person at a stage: what they send and their session, shown as one object. What the stage says is
 * taken as it is; what is sent is `Outgoing`'s to decide.
 */
import type { FromStage, IceServer, Place, Role, Seat, SpaceState } from '@parterre/protocol';
import { failureOf } from './failure.ts';
import { clientId } from './identity.ts';
import { Outgoing } from './outgoing.ts';
import type { QualityMeter } from './quality.ts';
import { Session, type Welcome } from './session.ts';
import type {
  AirClip,
  AudioDevice,
  ConnectivityReport,
  MicrophoneState,
  SoundCheck,
  SpeakChange,
  Speaking,
  SpeakOptions,
  SpeakQuality,
  SpeakState,
  VoiceProcessing,
} from './types.ts';

const QUALITY_MS = 1_000;

const QUALITY_UNKNOWN: SpeakQuality = {
  verdict: 'unknown',
  roundTripMs: null,
  lossShare: null,
  jitterMs: null,
  bitrateBps: null,
  path: null,
  protocol: null,
};
const NO_LEVELS: Readonly<Record<string, number>> = {};

interface Stage {
  readonly seat: string | null;
  readonly role: Role | null;
  readonly roster: readonly Seat[];
  readonly levels: Readonly<Record<string, number>>;
  readonly programmeLevel: number;
  readonly slots: readonly (string | null)[];
  readonly space: { readonly state: SpaceState; readonly liveAtMs: number | null } | null;
}

const NO_STAGE: Stage = {
  seat: null,
  role: null,
  roster: [],
  levels: NO_LEVELS,
  programmeLevel: 0,
  slots: [],
  space: null,
};

export class Speaker implements Speaking {
  readonly #options: SpeakOptions;
  readonly #outgoing: Outgoing;
  readonly #session: Session;
  readonly #listeners = new Set<(change: SpeakChange) => void>();
  #state: SpeakState = { phase: 'idle' };
  #stage: Stage = NO_STAGE;
  #flowing = false;
  #wantsMicrophone = true;
  #quality: SpeakQuality = QUALITY_UNKNOWN;
  #measuring: ReturnType<typeof setInterval> | null = null;
  #letSleep: (() => void) | null = null;
  #joined: { promise: Promise<void>; resolve: () => void } | null = null;

  constructor(options: SpeakOptions) {
    this.#options = options;
    const music = options.music ?? false;
    const onEvent = options.onEvent ?? (() => {});
    this.#outgoing = new Outgoing(options, {
      changed: (change) => this.#tell(change),
      send: (track) => this.#session.peer.send(track),
      muted: (muted) => this.#session.say({ type: 'mute', muted }),
      event: onEvent,
    });
    this.#session = new Session(
      {
        base: (options.base ?? location.origin).replace(/\/+$/, ''),
        space: options.space,
        pass: options.pass,
        name: options.name,
        music,
        iceServers: options.iceServers ?? [],
      },
      {
        welcome: (welcome) => this.#welcomed(welcome),
        message: (message) => this.#heard(message),
        flowing: () => this.#flows(),
        recovering: (sinceMs, attempt) => this.#recovers(sinceMs, attempt),
        over: (code, message) => this.#over(code, message),
        event: onEvent,
      },
    );
    options.signal?.addEventListener('abort', () => this.leave(), { once: true });
  }

  get state(): SpeakState {
    return this.#state;
  }
  get seat(): string | null {
    return this.#stage.seat;
  }
  get role(): Role | null {
    return this.#stage.role;
  }
  get roster(): readonly Seat[] {
    return this.#stage.roster;
  }
  get levels(): Readonly<Record<string, number>> {
    return this.#stage.levels;
  }
  get programmeLevel(): number {
    return this.#stage.programmeLevel;
  }
  get slots(): readonly (string | null)[] {
    return this.#stage.slots;
  }
  get space(): Stage['space'] {
    return this.#stage.space;
  }
  get microphone(): MicrophoneState {
    return this.#outgoing.microphone.state;
  }
  get inputLevel(): number {
    return this.#outgoing.microphone.level;
  }
  get devices(): readonly AudioDevice[] {
    return this.#outgoing.microphone.devices;
  }
  get muted(): boolean {
    return this.#outgoing.muted;
  }
  get silenced(): boolean {
    return this.#outgoing.silenced;
  }
  get quality(): SpeakQuality {
    return this.#quality;
  }
  get clip(): AirClip | null {
    return this.#outgoing.clip;
  }
  get iceServers(): readonly IceServer[] {
    return this.#session.iceServers;
  }
  get volume(): number {
    return this.#session.peer.volume;
  }
  set volume(volume: number) {
    this.#session.peer.volume = volume;
  }

  subscribe(listener: (change: SpeakChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  openMicrophone(): Promise<boolean> {
    return this.#outgoing.microphone.open();
  }

  closeMicrophone(): void {
    this.#outgoing.microphone.close();
  }

  useDevice(deviceId: string): Promise<boolean> {
    return this.#outgoing.microphone.use(deviceId);
  }

  setProcessing(processing: Partial<VoiceProcessing>): Promise<boolean> {
    return this.#outgoing.microphone.process(processing);
  }

  join({ microphone = true }: { readonly microphone?: boolean } = {}): Promise<void> {
    this.#wantsMicrophone = microphone;
    return this.#join(this.#options.takeOver ?? false);
  }

  takeOver(): Promise<void> {
    return this.#join(true);
  }

  async #join(takeOver: boolean): Promise<void> {
    if (this.#joined !== null) return this.#joined.promise;
    if (this.#options.signal?.aborted || this.#state.phase === 'connected') return;
    if (typeof RTCPeerConnection !== 'function') {
      this.#become({ phase: 'failed', ...failureOf('not_supported') });
      return;
    }
    this.#joined = Promise.withResolvers<void>();
    const { promise } = this.#joined;
    this.#become({ phase: 'connecting' });
    const { microphone: device } = this.#outgoing;
    const ready = !this.#wantsMicrophone || device.track !== null || device.open();
    const [id, isReady] = await Promise.all([clientId(), ready]);
    if (this.#state.phase !== 'connecting') return promise;
    if (isReady) {
      this.#session.start(id, takeOver);
    } else {
      const { microphone } = this;
      const failure = microphone.phase === 'failed' ? microphone : failureOf('microphone_failed');
      const { code, message, remedy } = failure;
      this.#become({ phase: 'failed', code, message, remedy });
    }
    return promise;
  }

  leave(): void {
    this.#session.leave();
    this.#rest();
    this.#outgoing.microphone.close();
    this.#become({ phase: 'left' });
  }

  setMuted(muted: boolean): void {
    this.#outgoing.setMuted(muted);
  }

  pressToTalk(pressed: boolean): void {
    this.setMuted(!pressed);
  }

  async selfTest(): Promise<ConnectivityReport> {
    const { testConnectivity } = await import('./tools.ts');
    const connected = this.#session.peer.connection?.connectionState;
    return testConnectivity({
      iceServers: this.#session.iceServers,
      signallingMs: this.#session.roundTripMs,
      media:
        connected === undefined
          ? 'not_connected'
          : connected === 'connected'
            ? 'flowing'
            : 'not_flowing',
    });
  }

  soundCheck(durationMs?: number): Promise<SoundCheck> {
    return this.#outgoing.soundCheck(durationMs);
  }

  playOnAir(
    file: Blob | ArrayBuffer,
    options: { readonly name?: string; readonly gainDb?: number } = {},
  ): Promise<AirClip> {
    return this.#outgoing.play(file, options);
  }

  place(seat: string, place: Place): void {
    this.#session.say({ type: 'place', seat, place });
  }

  silence(seat: string): void {
    this.#session.say({ type: 'silence', seat });
  }

  remove(seat: string): void {
    this.#session.say({ type: 'remove', seat });
  }

  #welcomed({ seat, role }: Welcome): void {
    this.#stage = { ...this.#stage, seat, role };
    this.#outgoing.sayMuted();
    this.#tell('roster');
  }

  #heard(message: FromStage): void {
    if (message.type === 'roster') this.#rosterIs(message.seats);
    else if (message.type === 'levels') {
      this.#show({ levels: message.levels, programmeLevel: message.programme }, 'levels');
    } else if (message.type === 'slots') {
      this.#show({ slots: message.seats }, 'slots');
    } else if (message.type === 'space') {
      this.#show({ space: { state: message.state, liveAtMs: message.liveAtMs } }, 'space');
      if (message.state === 'ended') this.#over('ended', '');
    }
  }

  #rosterIs(roster: readonly Seat[]): void {
    const before = this.#own?.muted;
    this.#show({ roster }, 'roster');
    if (this.#own?.muted === true && before === false) this.#outgoing.silence();
    if (this.#flowing && this.#state.phase === 'connected') this.#showConnected();
  }

  get #own(): Seat | undefined {
    return this.#stage.roster.find(({ id }) => id === this.#stage.seat);
  }

  #flows(): void {
    this.#flowing = true;
    this.#showConnected();
    void this.#attend().catch(() => {});
  }

  #showConnected(): void {
    const place = this.#own?.place ?? 'green';
    if (this.#state.phase === 'connected' && this.#state.place === place) return;
    this.#become({ phase: 'connected', place });
  }

  #recovers(sinceMs: number, attempt: number): void {
    this.#flowing = false;
    if (this.#state.phase === 'connecting') return;
    this.#become({ phase: 'reconnecting', sinceMs, attempt });
  }

  #over(code: string, message: string): void {
    this.#session.stop();
    this.#rest();
    this.#become(
      code === 'ended' ? { phase: 'ended' } : { phase: 'failed', ...failureOf(code, message) },
    );
  }

  /** Off the stage; the microphone stays as it is. */
  #rest(): void {
    this.#flowing = false;
    this.#outgoing.clip?.stop();
    if (this.#measuring !== null) clearInterval(this.#measuring);
    this.#measuring = null;
    this.#letSleep?.();
    this.#letSleep = null;
    this.#quality = QUALITY_UNKNOWN;
    this.#stage = { ...NO_STAGE, space: this.#stage.space };
  }

  /** While on stage: the screen stays on, and the quality is measured. Neither can keep a voice waiting. */
  async #attend(): Promise<void> {
    const { holdAwake, QualityMeter } = await import('./tools.ts');
    if (!this.#flowing || this.#measuring !== null) return;
    if (this.#options.wakeLock ?? true) this.#letSleep ??= holdAwake();
    const meter = new QualityMeter();
    this.#measuring = setInterval(() => void this.#measure(meter), QUALITY_MS);
  }

  async #measure(meter: QualityMeter): Promise<void> {
    const { connection } = this.#session.peer;
    if (connection === null) return;
    this.#quality = meter.read(await connection.getStats());
    this.#tell('quality');
  }

  #show(stage: Partial<Stage>, change: SpeakChange): void {
    this.#stage = { ...this.#stage, ...stage };
    this.#tell(change);
  }

  #become(state: SpeakState): void {
    this.#state = state;
    if (state.phase !== 'connecting' && state.phase !== 'reconnecting') {
      this.#joined?.resolve();
      this.#joined = null;
    }
    this.#tell('state');
  }

  #tell(change: SpeakChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
