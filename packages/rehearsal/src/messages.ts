/** What the conductor and its generator processes say to each other over Node's IPC channel. */
import type { ProfileId } from '@parterre/protocol';
import type { Sample } from './tallies.ts';

/** Where to listen, and how. */
export interface Target {
  /** Numeric address or name. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly space: string;
  /** What the listeners ask for; null takes the space's own. */
  readonly asked: ProfileId | null;
  /** The one that is in force: its buffer is what the listeners model. */
  readonly profile: ProfileId;
  /** On this machine: source addresses are spread over 127.0.0.0/8. */
  readonly loopback: boolean;
}

/** What kind of people come. */
export interface Manners {
  /** Share of those who join that load page, assets and description first. */
  readonly visits: number;
  /** Share of slow readers. */
  readonly slow: number;
  /** Share of the house that leaves and is replaced, a second. */
  readonly churn: number;
  /** How long they wait in line on average before they give up, s; null is for as long as it takes. */
  readonly patience: number | null;
}

export type ToGenerator =
  | {
      readonly type: 'begin';
      readonly index: number;
      readonly target: Target;
      readonly manners: Manners;
    }
  /** How many of this process should be listening now. */
  | { readonly type: 'want'; readonly listeners: number }
  /** The connections of this share are lost at once, and there is no way back for so long. */
  | { readonly type: 'cut'; readonly share: number; readonly awayMs: number }
  | { readonly type: 'stop' };

export type FromGenerator =
  | { readonly type: 'ready' }
  | { readonly type: 'sample'; readonly sample: Sample };
