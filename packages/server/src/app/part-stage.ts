/**
 * The stage process: the stage module over node-datachannel and the programme's unix socket, serving on a
 * unix socket of its own, with its counters as metrics.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Counter, Gauge } from 'prom-client';
import { DiskRemovals } from '../adapters/disk/index.ts';
import { UnixInput } from '../adapters/unix/index.ts';
import { hasTcpRelay, openPeers } from '../adapters/webrtc/index.ts';
import { iceServersOf, PASS_MS } from '../spaces/index.ts';
import { Demo, packetsOf, Stage, StageServer, Whip } from '../stage/index.ts';
import { assetPath } from './assets.ts';
import { publisher } from './gauges.ts';
import type { Part, PartContext } from './part.ts';

/** Every seat may have an old and a new connection while it changes. */
const PEERS_PER_SEAT = 2;

export async function start(context: PartContext): Promise<Part> {
  const { config, secrets, clock, timers, random, log, sockets } = context;
  const iceServers = iceServersOf(config.iceServers);
  const peers = await openPeers({
    port: config.rtcPort,
    addresses: config.rtcAddresses,
    tcpRelays: hasTcpRelay(iceServers),
    peersMax: config.spacesMax * config.speakersMax * PEERS_PER_SEAT,
    timers,
    log,
  });
  const input = new UnixInput({ path: sockets.programme, timers, random, log });
  const stage = new Stage({
    clock,
    timers,
    random,
    log,
    peers,
    input,
    removals: new DiskRemovals(join(config.data, 'removed'), clock.wallMs() - PASS_MS),
    passKey: secrets.passKey,
    speakersMax: config.speakersMax,
    iceServers,
  });
  const whip = new Whip(stage);
  const server = new StageServer({ stage, whip, publicUrl: config.publicUrl });
  publish(stage, context, () => peers.open);
  const demo = config.demo ? await openDemo(stage) : null;
  await server.listen(sockets.stage);
  log.info({ udpPort: peers.port }, 'the stage is open');
  return {
    async close() {
      demo?.close();
      await server.close();
      stage.close();
      input.close();
      await peers.close();
    },
  };
}

async function openDemo(stage: Stage): Promise<Demo> {
  const voice = async (name: string, file: string) => ({
    name,
    packets: packetsOf(await readFile(assetPath(file))),
  });
  return new Demo(
    stage,
    await Promise.all([voice('Ada', 'demo-ada.opus'), voice('Ben', 'demo-ben.opus')]),
  );
}

/** Turns the stage's counters into metrics, read when they are collected. */
function publish(stage: Stage, { metrics }: PartContext, openPeersNow: () => number): void {
  const registers = [metrics];
  const { counters } = stage;
  const { gauge, counter } = publisher(metrics);
  const overSeats = (read: (seat: StageSeat) => number) => (): number => {
    let sum = 0;
    for (const room of stage.rooms.values()) {
      for (const seat of room.seats.values()) sum += read(seat);
    }
    return sum;
  };
  gauge('parterre_stage_rooms', 'Stages somebody is on.', () => stage.rooms.size);
  gauge('parterre_stage_peers', 'Peer connections that are open.', openPeersNow);
  new Gauge({
    name: 'parterre_stage_seats',
    help: 'Seats by place and by whether their media come.',
    labelNames: ['place', 'state'],
    registers,
    collect() {
      this.reset();
      for (const room of stage.rooms.values()) {
        for (const seat of room.seats.values()) {
          this.inc({ place: seat.place, state: seat.alive ? 'connected' : 'lost' });
        }
      }
    },
  });
  gauge(
    'parterre_stage_forward_slots',
    'Forward slots that carry somebody.',
    overSeats((seat) => seat.selection.holders.filter((holder) => holder !== null).length),
  );
  gauge(
    'parterre_stage_packets_lost',
    'Packets of the seats that are there which never came.',
    overSeats((seat) => seat.voice.lost),
  );
  counter('parterre_stage_packets_in_total', 'Voice packets taken in.', () => counters.packetsIn);
  counter('parterre_stage_packets_out_total', 'Voice packets sent.', () => counters.packetsOut);
  counter(
    'parterre_stage_packets_invalid_total',
    'Packets that were not the voice agreed on.',
    () => counters.packetsInvalid,
  );
  counter('parterre_stage_joins_total', 'Seats given.', () => counters.joins);
  counter('parterre_stage_resumes_total', 'Seats found again.', () => counters.resumes);
  counter(
    'parterre_stage_reconnects_total',
    'New peer connections asked for by pages.',
    () => counters.reconnects,
  );
  new Counter({
    name: 'parterre_stage_refusals_total',
    help: 'Refusals by error code.',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset();
      for (const [code, count] of counters.refusals) this.inc({ code }, count);
    },
  });
}

type StageSeat = Stage extends { rooms: Map<string, { seats: Map<string, infer Seat> }> }
  ? Seat
  : never;
