/**
 * Makes the demo's two voices, packages/server/assets/demo-{ada,ben}.opus, from the dialogue below:
 * `node scripts/make-demo-voices.mjs` (needs espeak-ng and ffmpeg). Each file is silent while the other
 * voice talks and both are equally long, so that they converse as long as they loop in step.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHUNK_SAMPLES, FRAME_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { KWeightedMeter, lufsOf, TARGET_LUFS } from '../packages/media/src/loudness/index.ts';

const ASSETS = join(import.meta.dirname, '../packages/server/assets');
const BITRATE_BPS = 24_000;
const PAUSE_S = { first: 0.4, between: 0.45, last: 1.6 };
/** Frames quieter than this are the pauses inside a line. */
const SPEECH_LUFS_MIN = -45;
const HEADROOM_DB = 3;

const VOICES = {
  ada: ['-v', 'en-gb-x-rp+f4', '-s', '164', '-p', '52', '-g', '2'],
  ben: ['-v', 'en-us+m3', '-s', '160', '-p', '34', '-g', '2'],
};

const DIALOGUE = [
  ['ada', 'Good evening, and welcome. You are listening to Parterre.'],
  ['ben', 'Parterre. That is the floor of a theatre, where the audience sits?'],
  [
    'ada',
    'Exactly. A few people talk on stage; everyone else sits down here with you, and listens.',
  ],
  ['ben', 'And how many is everyone?'],
  [
    'ada',
    'Ten. Or ten thousand. Whoever is in keeps listening, however many more come through the door.',
  ],
  ['ben', 'What if my connection drops in the middle of a sentence?'],
  ['ada', 'Then the house hears a quiet chord, you come back to your seat, and we go on.'],
  ['ben', 'I like that. And where does all of this run?'],
  ['ada', 'On a machine of your own. One command starts it, and one link brings people in.'],
  ['ben', 'And when we have finished talking?'],
  ['ada', 'The recording is there at once, with every word that was on air.'],
  ['ben', 'Then let us begin again, from the top.'],
];

/** A line as samples at 48 kHz, brought near the programme's loudness with room for its peaks. */
function say(voice, text) {
  const wav = execFileSync('espeak-ng', [...VOICES[voice], '--stdout', text], { maxBuffer: 1e8 });
  const trim = 'silenceremove=start_periods=1:start_threshold=-50dB,areverse';
  const filters = `highpass=f=70,${trim},${trim}`;
  const raw = execFileSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-i',
      '-',
      '-af',
      filters,
      '-ar',
      SAMPLE_RATE_HZ,
      '-ac',
      '1',
      '-f',
      'f32le',
      '-',
    ],
    { input: wav, maxBuffer: 1e8 },
  );
  const pcm = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  const gain = 10 ** ((TARGET_LUFS - HEADROOM_DB - speechLufs(pcm)) / 20);
  return pcm.map((sample) => sample * gain);
}

function speechLufs(pcm) {
  const meter = new KWeightedMeter(1);
  let sum = 0;
  let frames = 0;
  for (let at = 0; at + FRAME_SAMPLES <= pcm.length; at += FRAME_SAMPLES) {
    const meanSquare = meter.measure(pcm.subarray(at, at + FRAME_SAMPLES));
    if (lufsOf(meanSquare) < SPEECH_LUFS_MIN) continue;
    sum += meanSquare;
    frames += 1;
  }
  return lufsOf(sum / frames);
}

function encode(pcm, file) {
  const args = ['-v', 'error', '-y', '-f', 'f32le', '-ar', SAMPLE_RATE_HZ, '-ac', '1', '-i', '-'];
  const codec = ['-c:a', 'libopus', '-b:a', BITRATE_BPS, '-application', 'voip'];
  const plain = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:a', '+bitexact', file];
  execFileSync('ffmpeg', [...args, ...codec, ...plain], { input: Buffer.from(pcm.buffer) });
}

const lines = DIALOGUE.map(([voice, text]) => ({ voice, pcm: say(voice, text) }));
const samplesOf = (seconds) => Math.round(seconds * SAMPLE_RATE_HZ);
const spoken = lines.reduce((sum, line) => sum + line.pcm.length + samplesOf(PAUSE_S.between), 0);
const length = samplesOf(PAUSE_S.first) + spoken + samplesOf(PAUSE_S.last);
const rounded = Math.ceil(length / CHUNK_SAMPLES) * CHUNK_SAMPLES;

mkdirSync(ASSETS, { recursive: true });
for (const voice of Object.keys(VOICES)) {
  const track = new Float32Array(rounded);
  let at = samplesOf(PAUSE_S.first);
  for (const line of lines) {
    if (line.voice === voice) track.set(line.pcm, at);
    at += line.pcm.length + samplesOf(PAUSE_S.between);
  }
  encode(track, join(ASSETS, `demo-${voice}.opus`));
}
