/**
 * What one person sends: their microphone, or while a file plays the mix of both. Invariant: muted means
 * that no sample of the microphone leaves the page, whatever else is on air.
 */
import type { PlayingClip } from './air.ts';
import { SpeakError } from './failure.ts';
import { Microphone, type MicrophoneObserver } from './microphone.ts';
import type { AirClip, SoundCheck, SpeakChange, SpeakOptions } from './types.ts';

export interface OutgoingObserver extends Pick<MicrophoneObserver, 'event'> {
  changed(change: SpeakChange): void;
  /** The sound to send from now on. */
  send(track: MediaStreamTrack | null): void;
  /** What the stage has to know: nothing of this person is on air while it is true. */
  muted(muted: boolean): void;
}

const SOUND_CHECK_MS = 4_000;

export class Outgoing {
  readonly microphone: Microphone;
  readonly #observer: OutgoingObserver;
  #muted: boolean;
  #silenced = false;
  #clip: PlayingClip | null = null;

  constructor(options: SpeakOptions, observer: OutgoingObserver) {
    this.#observer = observer;
    this.#muted = options.muted ?? false;
    const music = options.music ?? false;
    const on = !music;
    const processing = { echoCancellation: on, noiseSuppression: on, autoGainControl: on };
    this.microphone = new Microphone(
      {
        deviceId: options.deviceId ?? null,
        music,
        processing: { ...processing, ...options.processing },
      },
      {
        changed: (change) => observer.changed(change),
        track: () => {
          this.#route();
          this.sayMuted();
        },
        event: (event) => observer.event(event),
      },
    );
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Muted by a moderator. */
  get silenced(): boolean {
    return this.#silenced;
  }

  get clip(): PlayingClip | null {
    return this.#clip;
  }

  setMuted(muted: boolean): void {
    if (muted === this.#muted) return;
    this.#muted = muted;
    this.#silenced = false;
    this.#route();
    this.sayMuted();
    this.#observer.changed('muted');
  }

  /** A moderator muted this person; the stage knows. */
  silence(): void {
    if (this.#muted || !this.#heard) return;
    this.#muted = true;
    this.#silenced = true;
    this.#route();
    this.#observer.changed('muted');
  }

  /** Tells the stage whether anything of this person is to be heard. */
  sayMuted(): void {
    this.#observer.muted(!this.#heard);
  }

  /** A clip is on air although its speaker is muted, or has no microphone. */
  get #heard(): boolean {
    return this.#clip !== null || (!this.#muted && this.microphone.track !== null);
  }

  /** Puts a file on air, in place of one that plays. @throws SpeakError `file_unreadable` */
  async play(
    file: Blob | ArrayBuffer,
    options: { readonly name?: string; readonly gainDb?: number },
  ): Promise<AirClip> {
    const { context } = this.microphone;
    void context.resume();
    const { decodeFile, PlayingClip } = await import('./tools.ts');
    const sound = await decodeFile(context, file);
    this.#clip?.stop();
    const name = options.name ?? (file instanceof File ? file.name : '');
    const clip = new PlayingClip(context, sound, { name, gainDb: options.gainDb ?? 0 });
    this.#clip = clip;
    void clip.finished.then(() => {
      if (this.#clip === clip) this.#clip = null;
      this.#airChanged();
    });
    this.#airChanged();
    return clip;
  }

  /** @throws SpeakError `microphone_missing` */
  async soundCheck(durationMs = SOUND_CHECK_MS): Promise<SoundCheck> {
    const { stream, context } = this.microphone;
    if (stream === null) throw new SpeakError('microphone_missing');
    // A muted track records silence: the check listens to a copy that is not.
    const own = new MediaStream(stream.getAudioTracks().map((track) => track.clone()));
    for (const track of own.getTracks()) track.enabled = true;
    try {
      const { recordSoundCheck } = await import('./tools.ts');
      return await recordSoundCheck(own, context, durationMs);
    } finally {
      for (const track of own.getTracks()) track.stop();
    }
  }

  #airChanged(): void {
    this.#route();
    this.sayMuted();
    this.#observer.changed('clip');
  }

  /** Decides what is sent: the microphone, or the clip with it. */
  #route(): void {
    const { track, stream } = this.microphone;
    if (track !== null) track.enabled = !this.#muted;
    this.#clip?.mix(stream);
    this.#observer.send(this.#clip?.track ?? track);
  }
}
