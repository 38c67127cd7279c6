/** Rehearsals: virtual listeners that verify what they hear, scenarios, verdicts, the result. */
export { CapacitySearch } from './capacity.ts';
export { Conductor, type GeneratorProcess, generatorsFor } from './conductor.ts';
export { runGenerator } from './generator.ts';
export type { Ledger } from './ledger.ts';
export { goodputOf, neighbourOf, recoveryOf } from './line-figures.ts';
export type { Target } from './messages.ts';
export { resultOf } from './result.ts';
export { type Score, scoreOf } from './scenario.ts';
export { figuresOf, type ServerFigures } from './server-figures.ts';
export type { System } from './system.ts';
export { type Judgement, judge, reasonOf } from './verdict.ts';
export { crowdText, resultText, View } from './view.ts';
