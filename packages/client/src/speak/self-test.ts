/**
 * The connectivity self-test: which candidates this browser can gather (RFC 8445 §5.1.1), whether the
 * stage's socket answers, whether media flows now, and what to do about it in plain words.
 */
import type { IceServer } from '@parterre/protocol';
import type { CheckOutcome, ConnectivityReport } from './types.ts';

export interface SelfTestFacts {
  readonly iceServers: readonly IceServer[];
  readonly signallingMs: number | null;
  readonly media: ConnectivityReport['media'];
}

/** What one gathering of candidates showed. */
export interface Gathered {
  /** Of the UDP candidates, relays of any transport included. */
  readonly kinds: ReadonlySet<string>;
  /** It came to its end in time, and the browser tells of failures and told of none. */
  readonly answered: boolean;
}

const STUN = /^stuns?:/;
const TURN = /^turns?:/;
const GATHER_MS_MAX = 6_000;

export async function testConnectivity(facts: SelfTestFacts): Promise<ConnectivityReport> {
  // Each alone: one that does not answer keeps the other's gathering from its end.
  const [reflected, relayed] = await Promise.all([
    gather(of(facts.iceServers, STUN)),
    gather(of(facts.iceServers, TURN)),
  ]);
  const stun = outcome(facts.iceServers, STUN, sawStun(reflected));
  const turn = outcome(facts.iceServers, TURN, relayed.kinds.has('relay'));
  const udp: CheckOutcome = reflected.kinds.has('host') ? 'ok' : 'failed';
  return judge({ udp, stun, turn, signallingMs: facts.signallingMs, media: facts.media });
}

/** Verdict and advice for what was found. */
export function judge(found: Omit<ConnectivityReport, 'verdict' | 'advice'>): ConnectivityReport {
  const advice: string[] = [];
  const flows = found.media === 'flowing';
  if (found.media === 'not_flowing') {
    advice.push(
      'Sound does not get through to the stage: try another network, or a mobile hotspot.',
    );
  }
  if (found.udp === 'failed') {
    advice.push(
      'This browser may not use UDP: switch off a VPN or an extension that blocks WebRTC.',
    );
  }
  if (found.stun === 'failed' && found.turn !== 'ok') {
    advice.push(
      'UDP does not leave this network: ask its administrator to allow it, or use another network.',
    );
  }
  if (found.turn === 'failed') {
    advice.push(
      'The relay (TURN) does not answer: tell the operator; a strict firewall may lock you out.',
    );
  }
  const locked = found.udp === 'failed' && found.turn !== 'ok';
  const blocked = found.media === 'not_flowing' || (!flows && locked);
  const limited = found.udp === 'failed' || found.stun === 'failed' || found.turn === 'failed';
  return { ...found, verdict: blocked ? 'blocked' : limited ? 'limited' : 'ok', advice };
}

/**
 * Whether a STUN server saw us. Without a NAT it sees the host's own address, which makes no candidate of
 * its own (RFC 8445 §5.1.3): what shows is that it answered.
 */
export function sawStun({ kinds, answered }: Gathered): boolean {
  return kinds.has('srflx') || kinds.has('prflx') || (kinds.has('host') && answered);
}

function of(servers: readonly IceServer[], scheme: RegExp): readonly IceServer[] {
  return servers
    .map((server) => ({ ...server, urls: server.urls.filter((url) => scheme.test(url)) }))
    .filter(({ urls }) => urls.length > 0);
}

function outcome(servers: readonly IceServer[], scheme: RegExp, seen: boolean): CheckOutcome {
  if (!servers.some(({ urls }) => urls.some((url) => scheme.test(url)))) return 'not_configured';
  return seen ? 'ok' : 'failed';
}

async function gather(iceServers: readonly IceServer[]): Promise<Gathered> {
  const kinds = new Set<string>();
  const servers = iceServers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest }));
  const connection = new RTCPeerConnection({ iceServers: servers });
  let answered = false;
  let isWell = 'onicecandidateerror' in connection;
  connection.onicecandidateerror = () => {
    isWell = false;
  };
  try {
    const complete = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) {
          answered = isWell;
          resolve();
        } else if (candidate.protocol === 'udp' || candidate.type === 'relay')
          kinds.add(candidate.type ?? '');
      };
    });
    connection.addTransceiver('audio', { direction: 'recvonly' });
    await connection.setLocalDescription(await connection.createOffer());
    await Promise.race([complete, new Promise((resolve) => setTimeout(resolve, GATHER_MS_MAX))]);
  } finally {
    connection.close();
  }
  return { kinds, answered };
}
