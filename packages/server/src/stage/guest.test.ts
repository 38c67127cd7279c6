/** What one guest cannot do to the others, by the stage's own clock and without a network. */
import { describe, expect, it } from 'vitest';
import { MemoryRemovals } from '../adapters/memory/index.ts';
import { systemRandom } from '../adapters/system/index.ts';
import type { Timers } from '../ports/clock.ts';
import type { Peer } from '../ports/peer.ts';
import type { Pass } from '../spaces/index.ts';
import { PACKETS_PER_S_MAX, REPORT_MS, UNKNOWN_SPACE_MS } from './limits.ts';
import { FakeProgramme, KEY, publicSpace, quiet } from './stage.fixture.ts';
import { Stage } from './stage.ts';

const PAYLOAD_TYPE = 111;

/** A stage whose clock stands until the test moves it. */
function aStage() {
  let nowMs = 1_000_000;
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const tasks: (() => void)[] = [];
  const timers: Timers = {
    after: () => ({ cancel: () => {} }),
    every: (intervalMs, task) => {
      if (intervalMs === REPORT_MS) tasks.push(task);
      return { cancel: () => {} };
    },
  };
  const none = () => Promise.reject(new Error('no network here'));
  const input = new FakeProgramme();
  const stage = new Stage({
    clock,
    timers,
    random: systemRandom,
    log: quiet,
    peers: { offer: none, answer: none, close: () => Promise.resolve() },
    input,
    removals: new MemoryRemovals(),
    passKey: KEY,
    speakersMax: 4,
    iceServers: [],
  });
  input.observer?.space(publicSpace('talk'));
  const pass = (personId: string, role: Pass['role']): Pass => ({
    spaceId: 'talk',
    personId,
    inviteId: '',
    role,
    name: personId,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  });
  const join = (personId: string, role: Pass['role']) =>
    stage.join(pass(personId, role), { type: 'join', name: personId, clientId: 'tab' });
  const seated = (personId: string, role: Pass['role']) => {
    const given = join(personId, role);
    if (typeof given === 'string') throw new Error(given);
    return given;
  };
  const passTime = (ms: number): void => {
    nowMs += ms;
    for (const task of tasks) task();
  };
  return { stage, input, pass, join, seated, passTime };
}

describe('a guest', () => {
  it('who was removed stays out when everybody else has left', async () => {
    const { stage, pass, join, seated, passTime } = aStage();
    const host = seated('ada', 'host');
    const guest = seated('eve', 'speaker');
    expect(host.room.remove(host.seat, guest.seat.id)).toBeNull();
    host.room.leave(host.seat, 'left');
    expect(join('eve', 'speaker')).toBe('removed');
    passTime(UNKNOWN_SPACE_MS * 2);
    expect(stage.rooms.size).toBe(0);
    expect(await stage.isRemoved(pass('eve', 'speaker'))).toBe(true);
    expect(await stage.isRemoved(pass('ada', 'host'))).toBe(false);
  });

  it('leaves no room behind', () => {
    const { stage, seated, passTime } = aStage();
    const guest = seated('eve', 'speaker');
    guest.room.leave(guest.seat, 'left');
    passTime(UNKNOWN_SPACE_MS * 2);
    expect(stage.rooms.size).toBe(0);
  });

  it('who floods the stage is passed on no faster than anybody can speak', () => {
    const { input, seated, passTime } = aStage();
    const { room, seat } = seated('eve', 'speaker');
    room.takeStage(seat);
    const nothing = (): void => {};
    const peer: Peer = {
      description: { type: 'offer', sdp: '' },
      payloadType: PAYLOAD_TYPE,
      audioLevelId: null,
      accept: nothing,
      addCandidate: nothing,
      sendRtp: nothing,
      sendRtcp: nothing,
      close: nothing,
    };
    const observer = seat.observer(() => peer, nothing, nothing);
    seat.adopt(peer);
    const flood = (): void => {
      for (let sequence = 0; sequence < PACKETS_PER_S_MAX * 4; sequence += 1) {
        const packet = Buffer.alloc(40, 1);
        packet.writeUInt16BE(0x8000 | PAYLOAD_TYPE, 0);
        packet.writeUInt16BE(sequence, 2);
        observer.rtp(packet);
      }
    };
    flood();
    expect(input.frames).toHaveLength(PACKETS_PER_S_MAX);
    passTime(1_000);
    flood();
    expect(input.frames).toHaveLength(PACKETS_PER_S_MAX * 2);
  });
});
