/** The edge on a runtime whose stream handles are not known: what holds with bare sockets holds without. */
import { withoutBareSockets } from './edge.fixture.ts';

withoutBareSockets();
await import('./edge.test.ts');
await import('./slow-reader.test.ts');
