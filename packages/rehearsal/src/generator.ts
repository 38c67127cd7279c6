/** The inside of a generator process: does what the conductor says, and ends when the conductor is gone. */
import { Crowd, type CrowdSample } from './crowd.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';
import type { System } from './system.ts';

/** The channel to the conductor; `process` is one. */
export interface Channel {
  send?: ((message: FromGenerator) => unknown) | undefined;
  on(event: 'message', listener: (message: ToGenerator) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** Resolves when the conductor has said stop or is gone. */
export function runGenerator(system: System, channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    let crowd: Crowd | null = null;
    const end = (): void => {
      crowd?.close();
      resolve();
    };
    const cost = costOf(system);
    const second = (sample: CrowdSample): void => {
      channel.send?.({ type: 'sample', sample: { ...sample, cpu: cost() } });
    };
    channel.on('disconnect', end);
    channel.on('message', (message) => {
      if (message.type === 'stop') end();
      if (message.type === 'want') crowd?.want(message.listeners);
      if (message.type === 'cut') crowd?.cut(message.share, message.awayMs);
      if (message.type !== 'begin') return;
      void Crowd.open({ ...message, system, second }).then((opened) => {
        crowd = opened;
        channel.send?.({ type: 'ready' });
      });
    });
  });
}

/** CPU of this process since the last time it was asked, a share of one core. */
function costOf(system: System): () => number {
  let before = process.cpuUsage();
  let atMs = system.monotonicMs();
  return () => {
    const nowMs = system.monotonicMs();
    const { user, system: kernel } = process.cpuUsage(before);
    const share = (user + kernel) / 1_000 / Math.max(1, nowMs - atMs);
    before = process.cpuUsage();
    atMs = nowMs;
    return share;
  };
}
