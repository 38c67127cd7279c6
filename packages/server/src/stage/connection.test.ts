/** What becomes of a seat's peer connections when they end, with peers that only remember. */
import { describe, expect, it } from 'vitest';
import { systemClock, systemTimers } from '../adapters/system/index.ts';
import type { Peer, PeerFactory, PeerObserver } from '../ports/peer.ts';
import { Connector } from './connection.ts';
import { StageCounters } from './counters.ts';
import { Seat } from './seat.ts';

function seated() {
  const made: { observer: PeerObserver; closed: boolean }[] = [];
  const peers: PeerFactory = {
    offer: async (_options, observer) => {
      const one = { observer, closed: false };
      made.push(one);
      return {
        description: { type: 'offer', sdp: '' },
        close: () => {
          one.closed = true;
        },
      } as Peer;
    },
    answer: () => Promise.reject(new Error('not asked for')),
    close: async () => {},
  };
  const owner = {
    clock: systemClock,
    counters: new StageCounters(),
    voice() {},
    mediaChanged() {},
  };
  const identity = { id: 's', personId: 'p', clientId: 'c', role: 'speaker', name: 'Ada' } as const;
  const seat = new Seat(identity, [1], owner);
  const connector = new Connector(seat, () => false, {
    peers,
    clock: systemClock,
    timers: systemTimers,
    iceServers: [],
  });
  return { connector, made };
}

describe('the peer connections of a seat', () => {
  it.each(['failed', 'closed'] as const)('one that has %s is given back at once', async (state) => {
    const { connector, made } = seated();
    connector.renew();
    await expect.poll(() => made.length).toBe(1);
    await Promise.resolve();
    made[0]!.observer.state('connected');
    expect(made[0]!.closed).toBe(false);
    made[0]!.observer.state(state);
    expect(made[0]!.closed).toBe(true);
    connector.close();
  });
});
