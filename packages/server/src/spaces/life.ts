/**
 * The life of a space: `scheduled → doors → live → ended`, forwards only. Asking for what already holds
 * is granted and does nothing, so that a request may be repeated; asking for what is past, or for an end
 * before the doors, is refused.
 */
import type { ErrorCode, SpaceState } from '@parterre/protocol';

export type SpaceAction = 'doors' | 'start' | 'end';

const ORDER: readonly SpaceState[] = ['scheduled', 'doors', 'live', 'ended'];
const TARGET: Readonly<Record<SpaceAction, SpaceState>> = {
  doors: 'doors',
  start: 'live',
  end: 'ended',
};

/** `go`: may be done; `done`: holds already; else why not. */
export function rulingOn(
  state: SpaceState,
  action: SpaceAction,
): 'go' | 'done' | Extract<ErrorCode, 'ended' | 'not_open' | 'wrong_state'> {
  if (state === TARGET[action]) return 'done';
  if (state === 'ended') return 'ended';
  if (state === 'scheduled' && action === 'end') return 'not_open';
  return canFollow(state, TARGET[action]) ? 'go' : 'wrong_state';
}

/** Whether a space in state `from` may ever be in state `to` later. */
export function canFollow(from: SpaceState, to: SpaceState): boolean {
  return ORDER.indexOf(from) < ORDER.indexOf(to);
}
