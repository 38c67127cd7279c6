/** The page the SDK is tried on: hands the SDK to the test and keeps its events. */
import * as client from '../../src/index.ts';

declare global {
  interface Window {
    client: typeof client;
    listening: client.Listening;
    speaking: client.Speaking;
    events: unknown[];
  }
}

window.client = client;
window.events = [];
