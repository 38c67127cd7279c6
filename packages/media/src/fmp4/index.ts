/** Fragmented MP4: what the live lane sends, what a player reads, and the recording. */
export { ContainerError } from '../container-error.ts';
export { type FragmentInput, fragmentSize, wrapFragment } from './fragment.ts';
export { initSegment } from './init.ts';
export {
  type ErrorPart,
  type FragmentPart,
  FragmentReader,
  HELD_BYTES_MAX,
  type InitPart,
  type LivePart,
} from './reader.ts';
export { renumbered } from './renumber.ts';
export {
  REPLAY_FRAGMENT_FRAMES,
  REPLAY_FRAGMENTS_MAX,
  ReplayPlan,
  ReplayWriter,
} from './replay.ts';
