/**
 * Metrics that are plain numbers elsewhere, read when they are collected: the work that is measured
 * pays an addition and knows nothing of the registry.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface Publisher {
  /** What is so now. */
  gauge(name: string, help: string, read: () => number): void;
  /** What only grows. */
  counter(name: string, help: string, read: () => number): void;
  /** One counter for each key of what is read, which is the value of `label`. */
  byLabel(
    name: string,
    help: string,
    label: string,
    read: () => Readonly<Record<string, number>>,
  ): void;
}

export function publisher(registry: Registry): Publisher {
  const registers = [registry];
  return {
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
    counter(name, help, read) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
    byLabel(name, help, label, read) {
      new Counter({
        name,
        help,
        registers,
        labelNames: [label],
        collect() {
          this.reset();
          for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
        },
      });
    },
  };
}
