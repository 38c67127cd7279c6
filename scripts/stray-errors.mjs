/** A reporter for vitest: what fell over outside of any test, one line each, into the file that `STRAY_ERRORS` names. */
import { writeFileSync } from 'node:fs';

export default class StrayErrors {
  onTestRunEnd(_modules, errors) {
    const lines = errors.map(({ message, stack }) => {
      const place = stack?.split('\n').find((line) => line.trim().startsWith('at '));
      return `${message.split('\n', 1)[0]} ${place?.trim() ?? ''}`.trim();
    });
    writeFileSync(process.env.STRAY_ERRORS, JSON.stringify(lines));
  }
}
