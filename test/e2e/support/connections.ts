/** The page's peer connections, for their statistics, and where they may go. */
import type { BrowserContext } from 'playwright-core';

/**
 * Keeps the page's peer connections in `window.connections`.
 * @param relay a pattern: only relays whose whole URL is of it are used, and nothing but relays
 */
export async function keepConnections(context: BrowserContext, relay?: string): Promise<void> {
  await context.addInitScript((pattern) => {
    const connections: RTCPeerConnection[] = [];
    Object.assign(window, { connections });
    const relayed = (configuration: RTCConfiguration = {}): RTCConfiguration => ({
      ...configuration,
      iceServers: (configuration.iceServers ?? []).filter(({ urls }) =>
        [urls].flat().every((url) => new RegExp(`^(?:${pattern})$`).test(url)),
      ),
      iceTransportPolicy: 'relay',
    });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(pattern === null ? configuration : relayed(configuration));
        connections.push(this);
      }
    };
  }, relay ?? null);
}
