/** The edge where the kernel's loops were not built: what holds with them holds without. */
import { withoutLoops } from './edge.fixture.ts';

withoutLoops();
await import('./edge.test.ts');
await import('./slow-reader.test.ts');
await import('./waiters.test.ts');
