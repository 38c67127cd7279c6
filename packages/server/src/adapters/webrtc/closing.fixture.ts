/** A process of its own: peers that are closed while the other side still sends, and then the end. */
import wrtc from '@roamhq/wrtc';
import { silentLog, systemTimers } from '../system/index.ts';
import { openPeers } from './index.ts';

const PEERS = 3;
const PACKETS = 20;
const options = { addresses: ['127.0.0.1'], timers: systemTimers, log: silentLog };
const peers = await openPeers({ ...options, port: 0, peersMax: PEERS });
const source = new wrtc.nonstandard.RTCAudioSource();
const samples = Int16Array.from({ length: 480 }, (_, index) => (index % 48) * 400);
const sound = { samples, sampleRate: 48_000, bitsPerSample: 16, channelCount: 1 };
setInterval(() => source.onData({ ...sound, numberOfFrames: samples.length }), 10);

await Promise.all(Array.from({ length: PEERS }, heard));
await peers.close();
process.stdout.write(`closed with ${peers.open} open\n`, () => process.exit(0));

/** A peer of another implementation whose sound comes. */
async function heard(): Promise<void> {
  const browser = new wrtc.RTCPeerConnection();
  const sounding = Promise.withResolvers<void>();
  let packets = 0;
  const peer = await peers.offer(
    { forwardSources: [11, 12, 13], iceServers: [] },
    {
      rtp() {
        packets += 1;
        if (packets === PACKETS) sounding.resolve();
      },
      rtcp() {},
      candidate(candidate, mid) {
        void browser.addIceCandidate({ candidate, sdpMid: mid });
      },
      state() {},
    },
  );
  browser.onicecandidate = ({ candidate }: { candidate: { candidate: string } | null }) => {
    if (candidate !== null) peer.addCandidate(candidate.candidate, 'mic');
  };
  await browser.setRemoteDescription({ type: 'offer', sdp: peer.description.sdp });
  const [mic] = browser.getTransceivers();
  mic!.direction = 'sendonly';
  await mic!.sender.replaceTrack(source.createTrack());
  const answer = await browser.createAnswer();
  await browser.setLocalDescription(answer);
  peer.accept(answer.sdp!); // its own `localDescription` may crash while candidates are added to it
  await sounding.promise;
}
