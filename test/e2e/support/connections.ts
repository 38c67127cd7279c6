/** The page's peer connections, for their statistics, and where they may go. */
import type { BrowserContext } from 'playwright-core';

/**
 * Keeps the page's peer connections in `window.connections`.
 * @param relay only relays whose URL begins so are used, and nothing but relays
 */
export async function keepConnections(context: BrowserContext, relay?: string): Promise<void> {
  await context.addInitScript((scheme) => {
    const connections: RTCPeerConnection[] = [];
    Object.assign(window, { connections });
    const relayed = (configuration: RTCConfiguration = {}): RTCConfiguration => ({
      ...configuration,
      iceServers: (configuration.iceServers ?? []).filter(({ urls }) =>
        [urls].flat().every((url) => url.startsWith(scheme!)),
      ),
      iceTransportPolicy: 'relay',
    });
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(scheme === null ? configuration : relayed(configuration));
        connections.push(this);
      }
    };
  }, relay ?? null);
}
