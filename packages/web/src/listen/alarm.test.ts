import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Alarm } from './alarm.ts';

/** A worker under the test's hand; the page's own timers are asleep. */
class FakeWorker extends EventTarget {
  static made: FakeWorker[] = [];
  readonly wishes: { number: number; ms: number }[] = [];
  ended = false;
  constructor() {
    super();
    FakeWorker.made.push(this);
  }
  postMessage(wish: { number: number; ms: number }): void {
    this.wishes.push(wish);
  }
  terminate(): void {
    this.ended = true;
  }
  ring(index: number): void {
    this.dispatchEvent(new MessageEvent('message', { data: this.wishes[index]!.number }));
  }
}

let own: (() => void)[] = [];
beforeEach(() => {
  own = [];
  FakeWorker.made = [];
  const setTimeout = (fire: () => void): number => own.push(fire);
  vi.stubGlobal('window', { setTimeout, clearTimeout: () => {} });
  vi.stubGlobal('Worker', FakeWorker);
});
afterEach(() => vi.unstubAllGlobals());

describe('an alarm', () => {
  it('[P2] rings once by the worker while the page sleeps', () => {
    const fired: string[] = [];
    const alarm = new Alarm();
    alarm.set(1_000, () => fired.push('turn'));
    const worker = FakeWorker.made[0]!;
    expect(worker.wishes[0]!.ms).toBe(1_000);
    worker.ring(0);
    worker.ring(0);
    own[0]!();
    expect(fired).toEqual(['turn']);
  });

  it('rings by the page’s own timer where there is no worker', () => {
    vi.stubGlobal('Worker', undefined);
    const fired: string[] = [];
    new Alarm().set(1_000, () => fired.push('turn'));
    own[0]!();
    expect(fired).toEqual(['turn']);
  });

  it('does not ring for what was replaced, cleared or closed', () => {
    const fired: string[] = [];
    const alarm = new Alarm();
    alarm.set(1_000, () => fired.push('first'));
    alarm.set(2_000, () => fired.push('second'));
    const worker = FakeWorker.made[0]!;
    worker.ring(0);
    own[0]!();
    expect(fired).toEqual([]);
    worker.ring(1);
    alarm.set(1_000, () => fired.push('third'));
    alarm.close();
    worker.ring(2);
    own[2]!();
    expect(fired).toEqual(['second']);
    expect(worker.ended).toBe(true);
  });
});
