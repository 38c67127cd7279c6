/**
 * Another program speaks: Debian's `whip-client` (simple-whip-client: GStreamer, libnice) comes on stage by
 * WHIP with trickled candidates, its speech is in the programme, and it leaves when it is told to stop.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { windowCorrelations } from './support/signal.ts';
import { decode, hasFfmpeg, RATE_HZ, SPEECH, writeWav } from './support/sound.ts';
import { Tap } from './support/tap.ts';

const CLIENT = '/usr/bin/whip-client';
const COMPILER = '/usr/bin/cc';
/** Five rounds of the speech: longer than the test. */
const ROUNDS = 5;
/** Twelve seconds of programme. */
const HEARD_CHUNKS = 60;
/** The library of libnice for opening ports of home routers. */
const UPNP = 'libgupnp-igd-1.0.so.4';
/**
 * In Debian 12 the client is linked to libsoup 2, and by way of UPnP its libnice to libsoup 3: a process that
 * holds both ends at once. So the client runs without UPnP.
 */
const NO_UPNP = `void *gupnp_simple_igd_thread_new(void) { return 0; }
unsigned long gupnp_simple_igd_get_type(void) { return 80; /* GObject */ }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
`;

const able = [CLIENT, COMPILER].every((path) => existsSync(path)) && hasFfmpeg;

describe.skipIf(!able)('WHIP with simple-whip-client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-whip-'));
  const voice = join(folder, 'voice.wav');
  let said: Float32Array;
  let server: TestServer;
  let client: ChildProcess | null = null;
  let tap: Tap | null = null;

  beforeAll(async () => {
    const spoken = decode(SPEECH);
    said = new Float32Array(ROUNDS * spoken.length);
    for (let round = 0; round < ROUNDS; round += 1) said.set(spoken, round * spoken.length);
    writeWav(voice, said);
    const source = join(folder, 'no-upnp.c');
    writeFileSync(source, NO_UPNP);
    execFileSync(COMPILER, ['-shared', '-fPIC', '-o', join(folder, UPNP), source]);
    server = await TestServer.start();
  });

  afterAll(async () => {
    client?.kill('SIGKILL');
    await tap?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function passOf(space: string, name: string): Promise<string> {
    const invitation = new URL(await server.invite(space, 'speaker', name));
    const { pass } = await server.call<{ pass: string }>('POST', `/api/spaces/${space}/pass`, {
      invite: invitation.hash.slice(1),
      name,
    });
    return pass;
  }

  function start(space: string, pass: string, lines: string[]): ChildProcess {
    const pipeline = [
      `filesrc location=${voice} ! wavparse ! audioconvert ! audioresample ! identity sync=true`,
      'queue ! opusenc bitrate=48000 ! rtpopuspay pt=100 ! queue',
      'application/x-rtp,media=audio,encoding-name=OPUS,payload=100',
    ].join(' ! ');
    const address = ['-u', `${server.url}/whip/${space}`, '-t', pass];
    const child = spawn(CLIENT, [...address, '-o', '-A', pipeline], {
      env: { ...process.env, LD_LIBRARY_PATH: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => lines.push(text));
    return child;
  }

  test('its speech is in the programme, and its seat is free when it stops', async () => {
    const { id: space } = await server.createSpace({ title: 'A program speaks' });
    await server.start(space);
    const follower = new Tap(() => `${server.url}/live/${space}`);
    tap = follower;
    const lines: string[] = [];
    client = start(space, await passOf(space, 'Encoder'), lines);
    const ended = new Promise<number | null>((resolve) => client?.once('exit', resolve));
    const seat = () => follower.snapshot?.seats.find(({ name }) => name === 'Encoder');
    await until(() => seat()?.speaking === true, 'the program is heard').catch((error) => {
      throw new Error(`${error}\n${lines.join('')}`);
    });
    const heardFrom = follower.lastSeq;
    await until(() => follower.lastSeq > heardFrom + HEARD_CHUNKS, 'twelve seconds');
    client.kill('SIGINT');
    expect(await ended).toBe(0);
    await until(() => seat() === undefined, 'the seat is free');

    await server.end(space);
    await until(async () => (await server.space(space))?.replayReady === true, 'the recording');
    const replay = join(folder, 'replay.ogg');
    const answer = await fetch(`${server.url}/spaces/${space}/replay.ogg`);
    writeFileSync(replay, new Uint8Array(await answer.arrayBuffer()));
    // The end, without what came after the program had gone.
    const heard = decode(replay).slice(-12 * RATE_HZ, -3 * RATE_HZ);
    const scores = windowCorrelations(heard, said, RATE_HZ, RATE_HZ / 20);
    console.info(`likeness of each second: ${scores.map((score) => score.toFixed(2)).join(' ')}`);
    expect(scores.length).toBeGreaterThan(6);
    // What it had piled up before it was connected is cut, not hurried away.
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const scaledS = /^parterre_programme_voice_scaled_seconds_total\S* (\S+)$/m.exec(metrics)?.[1];
    expect(Number(scaledS)).toBeLessThan(0.3);
    expect(scores.toSorted((a, b) => a - b)[1]).toBeGreaterThan(0.9);
  });
});
