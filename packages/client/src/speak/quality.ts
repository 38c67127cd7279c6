/** How well one's own voice gets to the stage, from the statistics of the peer connection (webrtc-stats). */
import type { SpeakQuality } from './types.ts';

const FAIR_LOSS = 0.03;
const POOR_LOSS = 0.1;
const FAIR_ROUND_TRIP_MS = 250;
const POOR_ROUND_TRIP_MS = 500;

interface Sent {
  readonly atMs: number;
  readonly bytes: number;
}

type Stat = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string };

/** Reads one report after the other; bit rates are the difference of two. */
export class QualityMeter {
  #before: Sent | null = null;

  read(report: Iterable<readonly [string, unknown]>): SpeakQuality {
    const stats = new Map(report) as ReadonlyMap<string, Stat>;
    const all = [...stats.values()];
    const outbound = all.find(({ type, kind }) => type === 'outbound-rtp' && kind === 'audio');
    const remote = all.find(({ type, kind }) => type === 'remote-inbound-rtp' && kind === 'audio');
    const transport = all.find(({ type }) => type === 'transport');
    const pair =
      stats.get(String(transport?.selectedCandidatePairId)) ??
      all.find(
        ({ type, nominated, state }) =>
          type === 'candidate-pair' && nominated && state === 'succeeded',
      );
    const local = stats.get(String(pair?.localCandidateId));
    const roundTripS = numberOf(remote?.roundTripTime) ?? numberOf(pair?.currentRoundTripTime);
    const jitterS = numberOf(remote?.jitter);
    const lossShare = numberOf(remote?.fractionLost);
    const roundTripMs = roundTripS === null ? null : Math.round(roundTripS * 1_000);
    return {
      verdict: verdictOf(lossShare, roundTripMs),
      roundTripMs,
      lossShare,
      jitterMs: jitterS === null ? null : Math.round(jitterS * 1_000),
      bitrateBps: this.#bitrate(outbound),
      path: (local?.candidateType as SpeakQuality['path'] | undefined) ?? null,
      protocol: protocolOf(local),
    };
  }

  #bitrate(outbound: Stat | undefined): number | null {
    const bytes = numberOf(outbound?.bytesSent);
    const atMs = numberOf(outbound?.timestamp);
    if (bytes === null || atMs === null) return null;
    const before = this.#before;
    this.#before = { atMs, bytes };
    if (before === null || atMs <= before.atMs || bytes < before.bytes) return null;
    return Math.round(((bytes - before.bytes) * 8_000) / (atMs - before.atMs));
  }
}

function protocolOf(local: Stat | undefined): SpeakQuality['protocol'] {
  const protocol = local?.relayProtocol ?? local?.protocol;
  return protocol === 'udp' || protocol === 'tcp' || protocol === 'tls' ? protocol : null;
}

function verdictOf(lossShare: number | null, roundTripMs: number | null): SpeakQuality['verdict'] {
  if (lossShare === null && roundTripMs === null) return 'unknown';
  if ((lossShare ?? 0) > POOR_LOSS || (roundTripMs ?? 0) > POOR_ROUND_TRIP_MS) return 'poor';
  if ((lossShare ?? 0) > FAIR_LOSS || (roundTripMs ?? 0) > FAIR_ROUND_TRIP_MS) return 'fair';
  return 'good';
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
