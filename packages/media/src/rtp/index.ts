/** RTP and RTCP: packets, header extensions, unwrapping, reception statistics. */
export {
  AUDIO_LEVEL_URI,
  type AudioLevel,
  audioLevelElement,
  type ExtensionElement,
  readAudioLevel,
  readElements,
  writeElements,
} from './extension.ts';
export {
  type HeaderExtension,
  isRtcp,
  parseRtp,
  RTP_HEADER_BYTES,
  type RtpPacket,
  serializeRtp,
} from './packet.ts';
export { ReceptionStats } from './reception.ts';
export {
  buildReceiverReport,
  buildSenderReport,
  CNAME_BYTES_MAX,
  type Goodbye,
  type OtherRtcp,
  parseRtcp,
  REPORTS_MAX,
  type ReceiverReport,
  type ReportBlock,
  type RtcpPacket,
  type SenderReport,
  type SenderReportInput,
  type SourceDescription,
} from './rtcp.ts';
export { Unwrapper } from './unwrap.ts';
