/** Rehearsals: virtual listeners that verify what they hear, scenarios, verdicts, the result. */
export { Conductor, type GeneratorProcess, generatorsFor } from './conductor.ts';
export { runGenerator } from './generator.ts';
export type { Target } from './messages.ts';
export { resultOf } from './result.ts';
export { type Score, scoreOf } from './scenario.ts';
export { figuresOf, type ServerFigures } from './server-figures.ts';
export type { System } from './system.ts';
export { outcomeOf, promisesOf, saturationOf } from './verdict.ts';
export { resultText, View } from './view.ts';
