export { levelClip } from './level.ts';
export { ClipPlay } from './play.ts';
