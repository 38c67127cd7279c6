/**
 * The microphone: opened, changed and watched. Its track goes to the stage as it is; Web Audio only
 * listens beside it for the meter, so that a suspended context never silences a speaker. A device that
 * is unplugged is replaced by the system's choice; one that is interrupted comes back by itself.
 */
import { failureOf, microphoneFailure } from './failure.ts';
import type { AudioDevice, MicrophoneState, SpeakEvent, VoiceProcessing } from './types.ts';

export interface MicrophoneObserver {
  changed(change: 'microphone' | 'devices'): void;
  /** The track to send from now on; null when there is none. */
  track(track: MediaStreamTrack | null): void;
  event(event: SpeakEvent): void;
}

export interface MicrophoneOptions {
  readonly deviceId: string | null;
  readonly processing: VoiceProcessing;
  readonly music: boolean;
}

/** Below this a meter shows nothing, dBFS. */
const METER_FLOOR_DB = -60;

export class Microphone {
  readonly #observer: MicrophoneObserver;
  readonly #music: boolean;
  #deviceId: string | null;
  #processing: VoiceProcessing;
  #state: MicrophoneState = { phase: 'closed' };
  #devices: readonly AudioDevice[] = [];
  #stream: MediaStream | null = null;
  #context: AudioContext | null = null;
  #meter: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #samples = new Float32Array(1_024);
  /** Counts openings; what belongs to an older one is stopped. */
  #opening = 0;
  /** The last opening. One begins when the one before is over: Chromium gives a capture that is asked for
   * meanwhile the processing of the other. */
  #attempt: Promise<boolean> = Promise.resolve(false);

  constructor(options: MicrophoneOptions, observer: MicrophoneObserver) {
    this.#observer = observer;
    this.#deviceId = options.deviceId;
    this.#processing = options.processing;
    this.#music = options.music;
  }

  get state(): MicrophoneState {
    return this.#state;
  }

  get devices(): readonly AudioDevice[] {
    return this.#devices;
  }

  get track(): MediaStreamTrack | null {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** The context everything of this speaker runs in; made in the gesture that opens the microphone. */
  get context(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: 'interactive' });
    return this.#context;
  }

  /** Peak now, 0 to 1 on a scale of decibels. */
  get level(): number {
    if (this.#meter === null) return 0;
    this.#meter.getFloatTimeDomainData(this.#samples);
    let peak = 0;
    for (const sample of this.#samples) peak = Math.max(peak, Math.abs(sample));
    const db = 20 * Math.log10(Math.max(peak, 1e-6));
    return Math.max(0, Math.min(1, 1 - db / METER_FLOOR_DB));
  }

  async open(): Promise<boolean> {
    const failure = cannotCapture();
    if (failure !== null) {
      this.#become({ phase: 'failed', ...failureOf(failure) });
      return false;
    }
    void this.context.resume();
    const opening = ++this.#opening;
    if (this.#stream === null) this.#become({ phase: 'opening' });
    this.#attempt = this.#attempt.then(() => this.#openNow(opening));
    return this.#attempt;
  }

  async #openNow(opening: number): Promise<boolean> {
    if (opening !== this.#opening) return false;
    try {
      const stream = await this.#capture();
      if (opening !== this.#opening) {
        stopTracks(stream);
        return false;
      }
      this.#take(stream);
      return true;
    } catch (error) {
      if (opening === this.#opening) this.#lose(error);
      return false;
    }
  }

  use(deviceId: string): Promise<boolean> {
    this.#deviceId = deviceId;
    return this.open();
  }

  process(processing: Partial<VoiceProcessing>): Promise<boolean> {
    this.#processing = { ...this.#processing, ...processing };
    return this.open();
  }

  close(): void {
    this.#opening++;
    this.#letGo();
    navigator.mediaDevices?.removeEventListener('devicechange', this.#devicesChanged);
    void this.#context?.close();
    this.#context = null;
    this.#become({ phase: 'closed' });
    this.#observer.track(null);
  }

  async #capture(): Promise<MediaStream> {
    const { mediaDevices } = navigator;
    const settings: MediaTrackConstraints = {
      ...this.#processing,
      channelCount: this.#music ? 2 : 1,
      sampleRate: 48_000,
    };
    const device = this.#deviceId === null ? {} : { deviceId: { exact: this.#deviceId } };
    // One microphone at a time: some systems refuse a second capture with other processing.
    this.#letGo();
    try {
      return await mediaDevices.getUserMedia({ audio: { ...settings, ...device } });
    } catch (error) {
      const gone = ['OverconstrainedError', 'NotFoundError'].includes((error as Error).name);
      if (!gone || this.#deviceId === null) throw error;
      this.#deviceId = null;
      return await mediaDevices.getUserMedia({ audio: settings });
    }
  }

  #take(stream: MediaStream): void {
    const track = stream.getAudioTracks()[0]!;
    this.#stream = stream;
    track.contentHint = this.#music ? 'music' : 'speech';
    track.addEventListener('ended', () => this.#ended(track));
    track.addEventListener('mute', () => this.#interrupted(track));
    track.addEventListener('unmute', () => this.#returned(track));
    this.#source = this.context.createMediaStreamSource(stream);
    this.#meter = this.context.createAnalyser();
    this.#meter.fftSize = this.#samples.length;
    this.#source.connect(this.#meter);
    navigator.mediaDevices.addEventListener('devicechange', this.#devicesChanged);
    this.#showOpen(track);
    this.#observer.track(track);
    void this.#listDevices();
  }

  #showOpen(track: MediaStreamTrack): void {
    const settings = track.getSettings();
    const processing = {
      echoCancellation: Boolean(settings.echoCancellation ?? this.#processing.echoCancellation),
      noiseSuppression: settings.noiseSuppression ?? this.#processing.noiseSuppression,
      autoGainControl: settings.autoGainControl ?? this.#processing.autoGainControl,
    };
    const deviceId = settings.deviceId ?? this.#deviceId ?? '';
    this.#become({ phase: 'open', deviceId, label: track.label, processing });
  }

  #letGo(): void {
    this.#source?.disconnect();
    this.#source = null;
    this.#meter = null;
    if (this.#stream !== null) stopTracks(this.#stream);
    this.#stream = null;
  }

  #lose(error: unknown): void {
    this.#letGo();
    this.#become({ phase: 'failed', ...microphoneFailure(error) });
    this.#observer.track(null);
  }

  /** `ended` comes when the device is gone or its permission was taken away, not after `stop()`. */
  #ended(track: MediaStreamTrack): void {
    if (track !== this.track) return;
    this.#observer.event({ type: 'device', what: 'unplugged', label: track.label });
    this.#deviceId = null;
    void this.#replace();
  }

  async #replace(): Promise<void> {
    if (!(await this.open())) return;
    this.#observer.event({ type: 'device', what: 'replaced', label: this.track?.label ?? '' });
  }

  #interrupted(track: MediaStreamTrack): void {
    if (track !== this.track) return;
    this.#observer.event({ type: 'device', what: 'interrupted', label: track.label });
    this.#become({ phase: 'interrupted', label: track.label });
  }

  #returned(track: MediaStreamTrack): void {
    if (track !== this.track) return;
    this.#observer.event({ type: 'device', what: 'back', label: track.label });
    this.#showOpen(track);
  }

  readonly #devicesChanged = (): void => {
    void this.#listDevices();
    // A microphone was plugged in after the only one had gone.
    if (this.#state.phase === 'failed' && this.#state.code === 'microphone_missing')
      void this.#replace();
  };

  async #listDevices(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.#devices = all
      .filter(({ kind }) => kind === 'audioinput')
      .map(({ deviceId, label }) => ({ deviceId, label }));
    this.#observer.changed('devices');
  }

  #become(state: MicrophoneState): void {
    this.#state = state;
    this.#observer.changed('microphone');
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Why this page can have no microphone at all; null when it can. */
function cannotCapture(): 'insecure_context' | 'not_supported' | null {
  if (!globalThis.isSecureContext) return 'insecure_context';
  if (navigator.mediaDevices?.getUserMedia === undefined) return 'not_supported';
  return null;
}
