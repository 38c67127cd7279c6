/** What the supervisor and its processes say to each other over Node's IPC channel. */
import type { EdgeGrant, EdgeReport, GateCapacity, Spending } from '../gate/index.ts';
import type { Config } from './config.ts';

export type Role = 'programme' | 'stage' | 'api' | 'edge';

/** Roles whose successor stands prepared, because people hear how long a change takes. */
export const WARM_ROLES: ReadonlySet<Role> = new Set<Role>(['programme', 'stage']);

/** What every edge is told of the house as a whole. */
export interface HouseWord {
  readonly capacity: GateCapacity;
  /** Of the bound on what the house sends, the share in use; 0 without a bound. */
  readonly egress: number;
}

export type ToPart =
  /** First message: who you are. A warm role prepares and waits for `activate`; the others begin. */
  | {
      readonly type: 'begin';
      readonly role: Role;
      readonly name: string;
      readonly config: Config;
      /** Edges only: base64 of what `tls.Server` takes. */
      readonly ticketKeys: string | null;
      /** When the supervisor began, ms since the Unix epoch. */
      readonly serverStartedAtMs: number;
    }
  | { readonly type: 'activate' }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'metrics'; readonly id: number }
  | { readonly type: 'collected'; readonly id: number; readonly metrics: readonly unknown[] }
  /** New connections are to be taken, from the public socket that comes with the message. */
  | { readonly type: 'take' }
  /** New connections are for other edges. */
  | { readonly type: 'leave' }
  | { readonly type: 'ticketKeys'; readonly keys: string }
  /** Places for an edge, of a house this large. */
  | { readonly type: 'granted'; readonly grant: EdgeGrant; readonly house: HouseWord }
  | { readonly type: 'spent'; readonly id: number; readonly answer: Spending }
  /** Finish what has begun and end. `others`: there are processes that go on, to which listeners can go. */
  | { readonly type: 'stop'; readonly others: boolean };

export type FromPart =
  /** Prepared, and waiting to be activated. */
  | { readonly type: 'prepared' }
  | { readonly type: 'ready' }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'metrics'; readonly id: number; readonly metrics: unknown }
  /** An edge has so many connections, and takes so many; said at least every LOAD_EVERY_MS. */
  | {
      readonly type: 'load';
      readonly connections: number;
      readonly places: number;
      /** It listens on the public socket. */
      readonly taking: boolean;
    }
  /** How an edge stands with its places, and what it sends, bits a second. */
  | { readonly type: 'places'; readonly report: EdgeReport; readonly sentBps: number }
  /** Somebody has come to an edge with this ticket. */
  | {
      readonly type: 'spend';
      readonly id: number;
      readonly spaceId: string;
      readonly ticket: { readonly second: number; readonly rank: number; readonly id: string };
    }
  /** The api knows what a certificate that is valid now held. */
  | {
      readonly type: 'certified';
      readonly held: { readonly listeners: number; readonly joinsPerS: number } | null;
    }
  /** The api asks for the metrics of all. */
  | { readonly type: 'collect'; readonly id: number };

/** An edge says this often how it stands, changed or not, ms: one that does not is not counted on. */
export const LOAD_EVERY_MS = 500;

/** Descriptor on which an edge inherits the public socket. */
export const LISTEN_FD = 4;
