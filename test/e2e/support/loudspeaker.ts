/**
 * A loudspeaker nobody hears: PulseAudio with a null sink at 48 kHz, alone in a folder of its own, so that
 * a browser plays to a real audio clock and what it plays can be recorded. Touches no sound server that
 * may be running already.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './server.ts';
import { RATE_HZ } from './sound.ts';

const DAEMON = '/usr/bin/pulseaudio';
const RECORDER = '/usr/bin/parec';
const SINK = 'house';

export const hasLoudspeaker = existsSync(DAEMON) && existsSync(RECORDER);

export class Loudspeaker {
  /** What a browser needs in its environment to play here. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #daemon: ChildProcess;

  private constructor(folder: string, holdsMs: number | null) {
    this.#folder = folder;
    this.environment = {
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      PULSE_SERVER: `unix:${join(folder, 'pulse', 'native')}`,
      ...(holdsMs === null ? {} : { PULSE_LATENCY_MSEC: String(holdsMs) }),
    };
    const modules = [
      'module-native-protocol-unix',
      `module-null-sink sink_name=${SINK} rate=${RATE_HZ} channels=2`,
    ];
    const options = ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1'];
    this.#daemon = spawn(DAEMON, [...options, ...modules.flatMap((each) => ['-L', each])], {
      env: { ...process.env, ...this.environment },
      stdio: 'ignore',
    });
  }

  /** @param holdsMs sound it has in hand: a browser's audio thread that is late by less is not heard */
  static async start(holdsMs: number | null = null): Promise<Loudspeaker> {
    const folder = await mkdtemp(join(tmpdir(), 'sound-'));
    await mkdir(join(folder, 'pulse'), { mode: 0o700 });
    const speaker = new Loudspeaker(folder, holdsMs);
    await until(() => existsSync(join(folder, 'pulse', 'native')), 'the loudspeaker is there');
    return speaker;
  }

  /** Begins to record what is played at 48 kHz: as mono, or left and right in turn. */
  record(channels: 1 | 2 = 1): Recorder {
    return new Recorder(this.environment, channels);
  }

  async stop(): Promise<void> {
    await ended(this.#daemon);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export class Recorder {
  readonly #process: ChildProcess;
  readonly #channels: 1 | 2;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(environment: Readonly<Record<string, string>>, channels: 1 | 2) {
    this.#channels = channels;
    const format = ['--format=float32le', `--rate=${RATE_HZ}`, `--channels=${channels}`];
    const source = ['--latency-msec=50', '--raw', `--device=${SINK}.monitor`];
    this.#process = spawn(RECORDER, [...format, ...source], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process.stdout?.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    });
  }

  /** How much was recorded, s. */
  get seconds(): number {
    return this.#bytes / 4 / this.#channels / RATE_HZ;
  }

  async stop(): Promise<Float32Array> {
    await ended(this.#process);
    const bytes = Buffer.concat(this.#pieces);
    const whole = bytes.length & ~3;
    return new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + whole) as ArrayBuffer,
    );
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
