/**
 * The plan: how many machines an audience takes, from a certificate [P8]. Pure. Invariants: no machine is
 * given more than was verified on one like it, in listeners or in joins; nothing grows faster than by
 * adding machines; each assumption is said in a sentence. It multiplies what was measured and never
 * extrapolates a promise.
 */
import type { CertificatePayload } from '@parterre/protocol/certificate';

/** Whole machines beyond what the audience takes: one may fail while another is replaced. */
export const SPARE_MACHINES = 2;
/** Share of a link that is planned with; the rest is for bursts, and for those who come back. */
const LINK_SHARE = 0.8;

/** What a machine costs; the figures are the user's. */
export interface Prices {
  readonly currency: string;
  readonly machine: {
    readonly name: string;
    readonly cores: number;
    readonly memoryBytes: number;
    /** Its link outwards, Gbit/s. */
    readonly egressGbps: number;
    readonly perHour: number;
  };
  /** For what leaves the house, by the GB of 10⁹ bytes. */
  readonly egressPerGb: number;
}

/** A price to be changed: round figures, nobody's offer. */
const EXAMPLE = { perCoreHour: 0.025, egressGbps: 5, egressPerGb: 0.01 } as const;

/** A machine like the one that was rehearsed, at an example's price. */
export function examplePrices({ server }: CertificatePayload): Prices {
  const { cores, memoryBytes } = server.machine;
  return {
    currency: 'EUR',
    machine: {
      name: `like the rehearsed one, ${cores} cores, example price`,
      cores,
      memoryBytes,
      egressGbps: EXAMPLE.egressGbps,
      perHour: cores * EXAMPLE.perCoreHour,
    },
    egressPerGb: EXAMPLE.egressPerGb,
  };
}

export interface PlanOptions {
  readonly listeners: number;
  readonly prices: Prices;
  /** Of the stream on the wire, kbit/s; null takes what was measured. */
  readonly bitrateKbps: number | null;
}

/** Shares of one machine's means at its planned load; null where the certificate does not say. */
export interface Load {
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly egress: number;
  readonly descriptors: number;
}

export interface Plan {
  readonly listeners: number;
  /** Machines that carry the audience, and with the spare ones. */
  readonly machines: number;
  readonly machinesWithSpare: number;
  /** Most listeners planned on one machine, and what bounds it. */
  readonly perMachine: number;
  readonly boundedBy: 'certificate' | 'egress';
  readonly cores: number;
  /** Cores kept busy by the full house; null when not measured. */
  readonly coresBusy: number | null;
  readonly memoryBytes: number;
  /** Memory the listeners take; null when not measured. */
  readonly memoryUsedBytes: number | null;
  readonly egressGbps: number;
  readonly joinsPerS: number;
  readonly minutesToFill: number;
  readonly costPerHour: { readonly machines: number; readonly egress: number };
  readonly currency: string;
  /** One machine at its planned load, and what runs out first on it. */
  readonly load: Load;
  readonly saturatesFirst: keyof Load;
  readonly assumptions: readonly string[];
}

/** What cannot be planned for; the message says why. */
export class PlanError extends Error {}

/** @throws PlanError when the certificate says nothing of such a machine, or of the rate */
export function planFor(certificate: CertificatePayload, options: PlanOptions): Plan {
  const { listeners, prices } = options;
  const { capacity, server } = certificate;
  refuseSmaller(certificate, prices);
  const bitsPerS = bitsPerListener(certificate, options.bitrateKbps);
  const byLink = Math.floor((prices.machine.egressGbps * 1e9 * LINK_SHARE) / bitsPerS);
  const perMachine = Math.min(capacity.listeners, byLink);
  if (perMachine < 1) throw new PlanError('The link of this machine carries not one listener.');
  const machines = Math.max(1, Math.ceil(listeners / perMachine));
  const machinesWithSpare = machines + SPARE_MACHINES;
  const joinsPerS = machines * capacity.joinsPerS;
  const load = loadOf(certificate, prices, Math.min(perMachine, listeners), bitsPerS);
  const { cost } = certificate;
  const egressGbps = (listeners * bitsPerS) / 1e9;
  return {
    listeners,
    machines,
    machinesWithSpare,
    perMachine,
    boundedBy: byLink < capacity.listeners ? 'egress' : 'certificate',
    cores: machinesWithSpare * prices.machine.cores,
    coresBusy:
      cost === null ? null : listeners * cost.cpuPerListener + joinsPerS * cost.cpuPerJoinS,
    memoryBytes: machinesWithSpare * prices.machine.memoryBytes,
    memoryUsedBytes: cost === null ? null : listeners * cost.memoryPerListenerBytes,
    egressGbps,
    joinsPerS,
    minutesToFill: joinsPerS === 0 ? Number.POSITIVE_INFINITY : listeners / joinsPerS / 60,
    costPerHour: {
      machines: machinesWithSpare * prices.machine.perHour,
      egress: ((egressGbps * 3_600) / 8) * prices.egressPerGb,
    },
    currency: prices.currency,
    load,
    saturatesFirst: scarcest(load),
    assumptions: assumptionsOf(certificate, options, server.topology.tls),
  };
}

/** A certificate says nothing of a machine with less. */
function refuseSmaller({ server }: CertificatePayload, { machine }: Prices): void {
  if (machine.cores < server.machine.cores)
    throw new PlanError(
      `The certificate is of a machine with ${server.machine.cores} cores; it says nothing of one with ${machine.cores}.`,
    );
  // Systems keep some memory for themselves, so that equal machines differ by a little.
  if (machine.memoryBytes < server.machine.memoryBytes * 0.9)
    throw new PlanError('The certificate is of a machine with more memory than this one has.');
}

function bitsPerListener(certificate: CertificatePayload, bitrateKbps: number | null): number {
  if (bitrateKbps !== null) return bitrateKbps * 1_000;
  const { cost, exercised } = certificate;
  if (cost !== null && cost.egressBytes > 0 && exercised.listenedSeconds > 0)
    return (cost.egressBytes * 8) / exercised.listenedSeconds;
  throw new PlanError('The certificate does not say what was sent; give the rate with --bitrate.');
}

function loadOf(
  { cost, server, capacity }: CertificatePayload,
  { machine }: Prices,
  listeners: number,
  bitsPerS: number,
): Load {
  const { edges, connectionsMaxPerEdge } = server.topology;
  return {
    cpu:
      cost === null
        ? null
        : (listeners * cost.cpuPerListener + capacity.joinsPerS * cost.cpuPerJoinS) / machine.cores,
    memory: cost === null ? null : (listeners * cost.memoryPerListenerBytes) / machine.memoryBytes,
    egress: (listeners * bitsPerS) / (machine.egressGbps * 1e9),
    descriptors: listeners / Math.max(1, edges * connectionsMaxPerEdge),
  };
}

function scarcest(load: Load): keyof Load {
  const names = ['cpu', 'memory', 'egress', 'descriptors'] as const;
  return names.reduce((most, name) => ((load[name] ?? 0) > (load[most] ?? 0) ? name : most));
}

function assumptionsOf(
  { capacity, server, rehearsal, id }: CertificatePayload,
  { bitrateKbps }: PlanOptions,
  tls: boolean,
): readonly string[] {
  return [
    `Each machine is like the one of certificate ${id} (${server.machine.cpu}, ${server.machine.cores} cores) and is given ${capacity.listeners} listeners at most, because more was not verified there, even if it has more cores.`,
    `Each machine takes ${capacity.joinsPerS} joins a second at most, and visitors are spread evenly over the machines.`,
    `${SPARE_MACHINES} machines more than needed are there, so that one can fail while another is replaced; cost and cores include them, the join rate does not.`,
    rehearsal.generator.sameMachine
      ? 'The rehearsal’s generator ran on the same machine and took a part of it, so that a machine of its own may carry more; that is not counted on.'
      : 'The rehearsal’s generator ran on another machine.',
    bitrateKbps === null
      ? 'Each listener is sent what was measured in the rehearsal, headers of HTTP included, those of TCP and IP not.'
      : `Each listener is sent ${bitrateKbps} kbit/s, as given; this was not measured.`,
    `A link is filled to ${LINK_SHARE * 100} % at most.`,
    tls
      ? 'Connections are encrypted, as in the rehearsal.'
      : 'The rehearsal was without TLS: encryption costs more, and needs a rehearsal of its own.',
    'What reaches every machine (the programme itself) and what stands before them (addresses, load balancing) is not in the figures. Parterre runs one house on one machine today; this counts machines, it does not join them.',
    'Prices are those of the table that was given; the built-in one is an example.',
  ];
}
