/** The inside of a generator process: does what the conductor says, and ends when the conductor is gone. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Crowd } from './crowd.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';
import type { System } from './system.ts';

/** The channel to the conductor; `process` is one. */
export interface Channel {
  send?: ((message: FromGenerator) => unknown) | undefined;
  on(event: 'message', listener: (message: ToGenerator) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

const SAMPLE_MS = 1_000;
const DELAY_RESOLUTION_MS = 10;

/** Resolves when the conductor has said stop or is gone. */
export function runGenerator(system: System, channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    let crowd: Crowd | null = null;
    let sampling = { cancel: (): void => {} };
    const end = (): void => {
      sampling.cancel();
      crowd?.close();
      resolve();
    };
    channel.on('disconnect', end);
    channel.on('message', (message) => {
      if (message.type === 'stop') end();
      if (message.type === 'want') crowd?.want(message.listeners);
      if (message.type === 'cut') crowd?.cut(message.share);
      if (message.type !== 'begin') return;
      void Crowd.open({ system, ...message }).then((opened) => {
        crowd = opened;
        sampling = tellSamples(system, channel, opened);
        channel.send?.({ type: 'ready' });
      });
    });
  });
}

function tellSamples(system: System, channel: Channel, crowd: Crowd): { cancel(): void } {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  let cpu = process.cpuUsage();
  let atMs = system.monotonicMs();
  return system.every(SAMPLE_MS, () => {
    const nowMs = system.monotonicMs();
    const { user, system: kernel } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const share = (user + kernel) / 1_000 / Math.max(1, nowMs - atMs);
    atMs = nowMs;
    const loopDelayMs = Math.max(0, delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS);
    delay.reset();
    channel.send?.({
      type: 'sample',
      sample: { ...crowd.sample(), cpu: share, loopDelayMs },
    });
  });
}
