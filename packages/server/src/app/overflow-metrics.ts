/** Which rungs of the order of degradation there are here, and how many newcomers each took, as metrics. */
import { Gauge, type Registry } from 'prom-client';
import type { Edge } from '../edge/index.ts';
import type { Rung } from '../gate/index.ts';
import type { Config } from './config.ts';
import { publisher } from './gauges.ts';

/** A cache has to stand in front, and a bound to be known, for the rungs that need them. */
export function rungsOf({ hls, egressBpsMax }: Config): ReadonlySet<Rung> {
  const rungs = new Set<Rung>(['flush', 'far']);
  if (hls === 'cached') rungs.add('hls');
  if (egressBpsMax > 0) rungs.add('voice24');
  return rungs;
}

export function watchOverflow(registry: Registry, house: Edge['house']): void {
  const { byLabel } = publisher(registry);
  new Gauge({
    name: 'parterre_edge_overflow_step',
    help: 'Rungs of the order of degradation in use for newcomers, by space; 0 is none.',
    labelNames: ['space'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { space, ladder } of house.rooms())
        if (space.state === 'doors' || space.state === 'live')
          this.set({ space: space.id }, ladder.step);
    },
  });
  byLabel(
    'parterre_edge_overflow_newcomers_total',
    'Newcomers who were given less than the space’s own, by what: a longer buffer, the cache, the lean rendition.',
    'rung',
    () => house.overflow.newcomers,
  );
}
