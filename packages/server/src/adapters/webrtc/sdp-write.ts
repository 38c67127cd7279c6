/**
 * Session descriptions written by this side (RFC 8829): the offer with its microphone section and forward
 * slots, the answer to a WHIP offer, and the other side's description as the native library gets it, made
 * from checked fields alone. Invariant: the sections of an offer never change, so nothing is renegotiated.
 */
import { AUDIO_LEVEL_URI } from '@parterre/media';
import type { MediaSection, RemoteDescription } from './sdp-read.ts';

/** Payload type of Opus in what this side offers. */
export const OPUS_PAYLOAD_TYPE = 111;
/** Header extension identifier of the audio level in what this side offers. */
export const AUDIO_LEVEL_ID = 1;
export const MIC_MID = 'mic';
const PROTOCOL = 'UDP/TLS/RTP/SAVPF';
const VOICE_BITRATE_BPS = 48_000;
const MUSIC_BITRATE_BPS = 128_000;

/** What this side's transport is, as the native library says it. */
export interface LocalTransport {
  readonly ufrag: string;
  readonly pwd: string;
  readonly fingerprint: string;
  readonly setup: string;
  readonly candidates: readonly string[];
}

export function slotMid(slot: number): string {
  return `fwd${slot}`;
}

/** Opus parameters (RFC 7587 §6.1): in-band FEC always, stereo for music. */
export function opusParameters(stereo: boolean): string {
  const common = 'minptime=10;useinbandfec=1';
  return stereo
    ? `${common};stereo=1;sprop-stereo=1;maxaveragebitrate=${MUSIC_BITRATE_BPS}`
    : `${common};maxaveragebitrate=${VOICE_BITRATE_BPS}`;
}

/** Reads the native library's own description. */
export function readTransport(sdp: string): LocalTransport {
  const value = (name: string): string =>
    new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)?.[1]?.trim() ?? '';
  const own = [...sdp.matchAll(/^a=candidate:.*$/gm)].map((match) => match[0].trim());
  return {
    ufrag: value('ice-ufrag'),
    pwd: value('ice-pwd'),
    fingerprint: value('fingerprint'),
    setup: value('setup'),
    candidates: own,
  };
}

function head(mids: readonly string[]): string[] {
  return ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', `a=group:BUNDLE ${mids.join(' ')}`];
}

function transportLines(transport: LocalTransport): string[] {
  return [
    `a=ice-ufrag:${transport.ufrag}`,
    `a=ice-pwd:${transport.pwd}`,
    'a=ice-options:trickle',
    `a=fingerprint:${transport.fingerprint}`,
    `a=setup:${transport.setup}`,
  ];
}

function section(mid: string, payloadType: number, direction: string): string[] {
  return [
    `m=audio 9 ${PROTOCOL} ${payloadType}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    'a=rtcp-mux',
    `a=rtpmap:${payloadType} opus/48000/2`,
  ];
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}

/**
 * An offer without candidates (RFC 8838): they are told when the answer is in.
 * @param sources the synchronisation source of each forward slot
 */
export function writeOffer(
  transport: LocalTransport,
  sources: readonly number[],
  stereo: boolean,
): string {
  const mids = [MIC_MID, ...sources.map((_, slot) => slotMid(slot))];
  const parameters = `a=fmtp:${OPUS_PAYLOAD_TYPE} ${opusParameters(stereo)}`;
  const mic = [
    ...section(MIC_MID, OPUS_PAYLOAD_TYPE, 'recvonly'),
    parameters,
    `a=extmap:${AUDIO_LEVEL_ID} ${AUDIO_LEVEL_URI}`,
    ...transportLines(transport),
  ];
  const slots = sources.flatMap((source, slot) => [
    ...section(slotMid(slot), OPUS_PAYLOAD_TYPE, 'sendonly'),
    parameters,
    ...transportLines(transport),
    `a=msid:${slotMid(slot)} ${slotMid(slot)}`,
    `a=ssrc:${source} cname:parterre`,
  ]);
  return joined([...head(mids), 'a=msid-semantic:WMS *', ...mic, ...slots]);
}

/** The answer to a WHIP offer: its `chosen` section received, every other one rejected (RFC 8829 §5.3.1). */
export function writeAnswer(
  transport: LocalTransport,
  offer: RemoteDescription,
  chosen: MediaSection,
  stereo: boolean,
): string {
  const lines = offer.sections.flatMap((offered) => {
    if (offered !== chosen) {
      return [
        `m=${offered.kind} 0 ${offered.protocol} ${offered.formats}`,
        'c=IN IP4 0.0.0.0',
        `a=mid:${offered.mid}`,
        'a=inactive',
      ];
    }
    const payloadType = chosen.opus ?? OPUS_PAYLOAD_TYPE;
    const level =
      chosen.audioLevelId === null ? [] : [`a=extmap:${chosen.audioLevelId} ${AUDIO_LEVEL_URI}`];
    return [
      ...section(chosen.mid, payloadType, 'recvonly'),
      `a=fmtp:${payloadType} ${opusParameters(stereo)}`,
      ...level,
      ...transportLines(transport),
      ...transport.candidates,
    ];
  });
  return joined([...head([chosen.mid]), ...lines]);
}

/** The other side's description for the native library: only checked fields, only the given sections. */
export function writeRemote(remote: RemoteDescription, sections: readonly MediaSection[]): string {
  const lines = sections.flatMap((given) => {
    const payloadType = given.opus ?? OPUS_PAYLOAD_TYPE;
    const direction = given.rejected ? 'inactive' : given.direction;
    return [
      ...section(given.mid, payloadType, direction),
      `a=fmtp:${payloadType} minptime=10;useinbandfec=1`,
      `a=ice-ufrag:${remote.ufrag}`,
      `a=ice-pwd:${remote.pwd}`,
      `a=setup:${remote.setup}`,
      ...given.ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:remote`),
    ];
  });
  const { algorithm, value } = remote.fingerprint;
  const fingerprint = `a=fingerprint:${algorithm} ${value}`;
  return joined([...head(sections.map((given) => given.mid)), fingerprint, ...lines]);
}
