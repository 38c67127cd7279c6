/**
 * Silence to send where there is no microphone. A stream that goes on lets the stage see that the person
 * is there, and measure how well they are connected, as for everybody else.
 */
export class Silence {
  #context: AudioContext | null = null;
  #track: MediaStreamTrack | null = null;

  /** Made at the first need. */
  get track(): MediaStreamTrack {
    if (this.#track === null) {
      this.#context = new AudioContext();
      void this.#context.resume();
      this.#track = this.#context.createMediaStreamDestination().stream.getAudioTracks()[0]!;
    }
    return this.#track;
  }

  close(): void {
    void this.#context?.close();
    this.#context = null;
    this.#track = null;
  }
}
