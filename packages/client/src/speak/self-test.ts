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

const GATHER_MS_MAX = 6_000;

export async function testConnectivity(facts: SelfTestFacts): Promise<ConnectivityReport> {
  const found = await gather(facts.iceServers);
  const stun = outcome(facts.iceServers, /^stuns?:/, found.has('srflx') || found.has('prflx'));
  const turn = outcome(facts.iceServers, /^turns?:/, found.has('relay'));
  const udp: CheckOutcome = found.has('host') ? 'ok' : 'failed';
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

function outcome(servers: readonly IceServer[], scheme: RegExp, seen: boolean): CheckOutcome {
  if (!servers.some(({ urls }) => urls.some((url) => scheme.test(url)))) return 'not_configured';
  return seen ? 'ok' : 'failed';
}

/** The kinds of UDP candidate this browser finds, relays of any transport included. */
async function gather(iceServers: readonly IceServer[]): Promise<ReadonlySet<string>> {
  const kinds = new Set<string>();
  const servers = iceServers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest }));
  const connection = new RTCPeerConnection({ iceServers: servers });
  try {
    const complete = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.protocol === 'udp' || candidate.type === 'relay')
          kinds.add(candidate.type ?? '');
      };
    });
    connection.addTransceiver('audio', { direction: 'recvonly' });
    await connection.setLocalDescription(await connection.createOffer());
    await Promise.race([complete, new Promise((resolve) => setTimeout(resolve, GATHER_MS_MAX))]);
  } finally {
    connection.close();
  }
  return kinds;
}
