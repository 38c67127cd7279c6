/**
 * The AudioWorklet of the WebAssembly path, a file of its own because it runs in a realm of its own (and
 * plain JavaScript because it is served as it is, which keeps it within a strict Content-Security-Policy).
 * A ring of decoded samples per channel, read at a rate that may differ slightly from 1 by linear
 * interpolation; where the ring is dry it plays silence and stands still. It posts its position twenty
 * times a second. Positions are samples at 48 kHz of programme time.
 */
const REPORT_SAMPLES = 2400;

class Ring extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.size = processorOptions.ringSamples;
    this.rings = [new Float32Array(this.size), new Float32Array(this.size)];
    this.spans = [];
    this.at = 0;
    this.rate = 1;
    this.sinceReport = 0;
    this.port.onmessage = ({ data }) => this.told(data);
  }

  told(word) {
    if (word.t === 'rate') this.rate = word.rate;
    else if (word.t === 'flush') this.spans = [];
    else if (word.t === 'seek') this.at = word.to;
    else this.take(word.at, word.channels);
  }

  take(at, channels) {
    const count = channels[0].length;
    const last = this.spans.at(-1);
    if (last?.end === at) last.end = at + count;
    else this.spans.push({ start: at, end: at + count });
    if (this.spans.length === 1 && this.spans[0].start === at) this.at = at;
    for (const [channel, ring] of this.rings.entries()) {
      const from = channels[Math.min(channel, channels.length - 1)];
      for (let i = 0; i < count; i++) ring[(at + i) % this.size] = from[i];
    }
    const oldest = at + count - this.size;
    while (this.spans.length > 0 && this.spans[0].end <= oldest) this.spans.shift();
  }

  end() {
    for (const span of this.spans) if (span.start <= this.at && this.at < span.end) return span.end;
    return this.at;
  }

  process(_inputs, [output]) {
    const length = output[0].length;
    const end = this.end();
    const step = (this.rate * 48_000) / sampleRate;
    for (let i = 0; i < length; i++) {
      const sounds = step > 0 && this.at + 1 < end;
      const whole = Math.floor(this.at);
      const part = this.at - whole;
      for (const [channel, samples] of output.entries()) {
        const ring = this.rings[Math.min(channel, 1)];
        const a = ring[whole % this.size];
        samples[i] = sounds ? a + (ring[(whole + 1) % this.size] - a) * part : 0;
      }
      if (sounds) this.at += step;
    }
    this.sinceReport += length;
    if (this.sinceReport >= REPORT_SAMPLES) {
      this.sinceReport = 0;
      this.port.postMessage({ at: this.at });
    }
    return true;
  }
}

registerProcessor('parterre-ring', Ring);
