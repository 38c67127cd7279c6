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
