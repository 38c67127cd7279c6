/** Every lane and both recordings, as other people's programs hear them: Debian's ffmpeg, without one warning. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { complaints, hasFfmpeg } from './support/sound.ts';

describe.skipIf(!hasFfmpeg)('ffmpeg', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start(['--demo']);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
  });

  afterAll(async () => {
    await server?.stop();
  });

  test.each(['live/demo', 'radio/demo.ogg'])('decodes %s', async (lane) => {
    expect(await complaints(`${server.url}/${lane}`, '-t', '6')).toBe('');
  });

  test('[P7] decodes both recordings, of the right length, and seeks in them', async () => {
    await server.end('demo');
    await until(
      async () => (await server.space('demo'))?.replayReady === true,
      'the recording is finished',
    );
    const info = await server.call<{ durationMs: number; turns: unknown[]; peaks: number[] }>(
      'GET',
      '/spaces/demo/replay.json',
    );
    expect(info.turns.length).toBeGreaterThan(0);
    expect(info.peaks.some((peak) => peak > 10)).toBe(true);
    for (const name of ['replay.mp4', 'replay.ogg']) {
      const url = `${server.url}/spaces/demo/${name}`;
      expect(await complaints(url), name).toBe('');
      expect(await complaints(url, '-ss', '4'), `${name} from the middle`).toBe('');
      const seconds = Number(
        execFileSync(
          '/usr/bin/ffprobe',
          ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', url],
          { encoding: 'utf8' },
        ),
      );
      expect(Math.abs(seconds * 1_000 - info.durationMs), name).toBeLessThan(100);
    }
  });
});
