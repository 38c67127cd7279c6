import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { UnixFeed, UnixServer } from '../adapters/unix/index.ts';
import { feedContract } from '../ports/programme-feed.contract.ts';
import { Feed } from './feed.ts';

feedContract('in the programme process', async () => {
  const feed = new Feed();
  return {
    feed,
    space: (space, anchorMs) => feed.space(space, anchorMs),
    removed: (spaceId) => feed.removed(spaceId),
    append: (spaceId, rendition, record) => feed.append(spaceId, rendition, record),
    close: async () => {},
  };
});

feedContract('over a unix socket', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pu-'));
  const path = join(dir, 'programme.sock');
  const feed = new Feed();
  const never = (): never => {
    throw new Error('a feed alone');
  };
  const programme = {
    attach: feed.attach.bind(feed),
    openInput: never,
    openControl: never,
  };
  const listen = (): Promise<UnixServer> => UnixServer.listen({ path, programme, log: silentLog });
  let server = await listen();
  return {
    feed: new UnixFeed({ path, timers: systemTimers, random: systemRandom, log: silentLog }),
    space: (space, anchorMs) => feed.space(space, anchorMs),
    removed: (spaceId) => feed.removed(spaceId),
    append: (spaceId, rendition, record) => feed.append(spaceId, rendition, record),
    interrupt: async (whileAway) => {
      await server.close();
      whileAway();
      server = await listen();
    },
    close: async () => {
      await server.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
