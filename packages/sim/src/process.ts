/**
 * A process in the simulation: timers and a programme log that die with it. After `kill` nothing it began
 * goes on: its timers never run, its promises never settle, its writers write nothing any more.
 */
import type { Timer, Timers } from '../../server/src/ports/clock.ts';
import type { LogWriter, ProgrammeLog } from '../../server/src/ports/programme-log.ts';
import type { World } from './world.ts';

export class SimProcess {
  private readonly world: World;
  alive = true;

  constructor(world: World) {
    this.world = world;
  }

  readonly timers: Timers = {
    after: (delayMs, task) => this.world.timers.after(delayMs, this.mortal(task)),
    every: (intervalMs, task): Timer => this.world.timers.every(intervalMs, this.mortal(task)),
  };

  /** `log` as this process sees it. */
  log(log: ProgrammeLog): ProgrammeLog {
    return {
      openWriter: async (spaceId, rendition, notBeforeSeq, nowMs) => {
        const writer = await this.living(log.openWriter(spaceId, rendition, notBeforeSeq, nowMs));
        return this.writer(writer);
      },
      read: (spaceId, rendition, fromSeq, endSeq) => log.read(spaceId, rendition, fromSeq, endSeq),
      extent: (spaceId, rendition) => this.living(log.extent(spaceId, rendition)),
      remove: (spaceId) => this.living(log.remove(spaceId)),
    };
  }

  kill(): void {
    this.alive = false;
  }

  private writer(writer: LogWriter): LogWriter {
    const { living } = this;
    return {
      epoch: writer.epoch,
      get nextSeq() {
        return writer.nextSeq;
      },
      append: (record) => {
        if (this.alive) writer.append(record);
      },
      sync: () => living(writer.sync()),
      close: () => living(writer.close()),
    };
  }

  private mortal(task: () => void): () => void {
    return () => {
      if (this.alive) task();
    };
  }

  private readonly living = async <T>(work: Promise<T>): Promise<T> => {
    const value = await work;
    return this.alive ? value : await new Promise<never>(() => {});
  };
}
