import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';
import { Ledger } from './ledger.ts';
import { figuresOf } from './server-figures.ts';
import { type Sample, Tallies } from './tallies.ts';
import { outcomeOf, promisesOf, saturationOf } from './verdict.ts';

const HERE = {
  profile: 'steady' as const,
  wanted: 100,
  edgesKilled: 0,
  cut: false,
  emptied: false,
  capacity: null,
  cores: 2,
  memoryFree: 0.5,
  linkBytesPerS: null,
};

function sampleOf(some: Partial<Sample>): Sample {
  const quiet = { listeners: 100, waiting: 0, inLine: 0, digests: [], cpu: 0.2, loopDelayMs: 5 };
  return { ...new Tallies().take(), ...quiet, ...some };
}

/** Ten seconds, each with the same sample. */
function ledgerOf(some: Partial<Sample>): Ledger {
  const ledger = new Ledger(1);
  for (let atS = 0; atS < 10; atS++) {
    ledger.sample(0, sampleOf(some), atS);
    ledger.second(atS, 100);
  }
  return ledger;
}

function outcomeFor(some: Partial<Sample>) {
  const ledger = ledgerOf(some);
  return outcomeOf(promisesOf(ledger, HERE), ledger, null);
}

describe('verdict', () => {
  it('[P8] says held when every promise held, however busy the generator was', () => {
    expect(outcomeFor({}).outcome).toBe('held');
    expect(outcomeFor({ cpu: 0.99, loopDelayMs: 900 }).outcome).toBe('held');
  });

  it('[P8] says broken, and by what', () => {
    expect(outcomeFor({ gaps: 1 })).toMatchObject({ outcome: 'broken' });
    expect(outcomeFor({ gaps: 1 }).reason).toMatch(/gaps \[P1\] was 10, at most 0/);
    expect(outcomeFor({ wrong: 1 }).reason).toMatch(/wrong_bytes/);
    expect(outcomeFor({ listeners: 90 }).reason).toMatch(/missing_share/);
  });

  it('[P2] counts a place in line as an answer, and says what the line did wrong', () => {
    expect(outcomeFor({ listeners: 40, inLine: 60, tickets: 60 }).outcome).toBe('held');
    expect(outcomeFor({ tickets: 60, overtaken: 1 }).reason).toMatch(
      /line.overtaken \[P2\] was 10/,
    );
    expect(outcomeFor({ tickets: 60, placesLost: 1 }).reason).toMatch(/line.places_lost/);
    const slow = new Histogram();
    slow.record(2_500);
    expect(outcomeFor({ reached: slow.tally() }).reason).toMatch(/reached.p99_s/);
  });

  it('[P1] finds one listener too many, by its own count and by the server’s', () => {
    const over = (some: Partial<Sample>, capacity: number, told = 0) => {
      const ledger = ledgerOf(some);
      ledger.server(figuresOf(`parterre_edge_listeners{lane="live"} ${told}`), 0);
      ledger.second(10, 100);
      return promisesOf(ledger, { ...HERE, capacity }).find(
        ({ measure }) => measure === 'admitted.over_capacity',
      )?.measured;
    };
    expect(over({}, 100)).toBe(0);
    expect(over({}, 99)).toBe(1);
    expect(over({}, 100, 103)).toBe(3);
  });

  it.each(['cut', 'emptied'])('[P1] looks at the way back when the house was %s', (how) => {
    const measures = promisesOf(ledgerOf({}), { ...HERE, [how]: true }).map((each) => each.measure);
    expect(measures).toContain('resume.peak_to_mean');
    expect(measures).not.toContain('resume.max_s');
  });

  it('[P8] is void when something broke while the generator was short', () => {
    expect(outcomeFor({ gaps: 1, cpu: 0.99 }).outcome).toBe('void');
    expect(outcomeFor({ dry: 1, loopDelayMs: 300 }).outcome).toBe('void');
    const stoodStill = ledgerOf({});
    stoodStill.sample(0, sampleOf({ dry: 1, loopDelayMs: 8_000 }), 18);
    stoodStill.second(18, 100);
    expect(outcomeOf(promisesOf(stoodStill, HERE), stoodStill, null).outcome).toBe('void');
  });

  it('[P8] finds what two processes heard differently at one sequence', () => {
    const ledger = new Ledger(2);
    ledger.sample(0, sampleOf({ digests: [[7, 'one']] }), 0);
    ledger.sample(1, sampleOf({ digests: [[7, 'other']] }), 0);
    expect(ledger.totals.wrongBytes).toBe(1);
    expect(promisesOf(ledger, HERE).find(({ measure }) => measure === 'wrong_bytes')?.held).toBe(
      false,
    );
  });

  it('[P8] says nothing of a server that has not answered for seconds', () => {
    const ledger = new Ledger(1);
    ledger.server(figuresOf('parterre_edge_event_loop_delay_p99_seconds 0.1'), 0);
    const told = Array.from({ length: 6 }, (_, atS) => ledger.second(atS, 0).loopDelayMs);
    expect(told.map((ms) => ms !== null)).toEqual([true, true, true, false, false, false]);
  });

  it('names what was scarce', () => {
    const ledger = ledgerOf({ cpu: 1.9 });
    expect(saturationOf(ledger, HERE)).toBe('cpu');
    expect(saturationOf(ledgerOf({}), { ...HERE, memoryFree: 0.01 })).toBe('memory');
    expect(saturationOf(ledgerOf({}), HERE)).toBe('unknown');
  });

  it('[P1] looks at the tries of who found no way back, from when they have backed off', () => {
    const after = (counts: readonly number[]) =>
      promisesOf(ledgerOf({ triesAway: counts }), { ...HERE, cut: true }).find(
        ({ measure }) => measure === 'backed_off.peak_to_mean',
      );
    const early = [90, 0, 40, 0, 0, 30, 0, 0, 0, 0];
    expect(after(early)).toBeUndefined();
    expect(after([...early, 9, 10, 11, 10])).toMatchObject({ measured: 1.1, held: true });
    expect(after([...early, 2, 30, 2, 6])).toMatchObject({ measured: 3, held: false });
  });
});
