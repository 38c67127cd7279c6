/** The edge where the kernel's calls cannot be had: what holds with bare sockets holds without. */
import { withoutKernel } from './edge.fixture.ts';

withoutKernel();
await import('./edge.test.ts');
await import('./slow-reader.test.ts');
