/**
 * A network line between one browser and the server that can be cut without anybody being told: TCP
 * connections stay open and carry nothing, UDP packets vanish. It can also lose a share of what the browser
 * sends by UDP. The page's peer connections are led over
 * it: the server's candidates are replaced by the line's, and the browser's own are kept from the server,
 * which then answers to where packets come from (RFC 8445 §7.3.1.3).
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { BrowserContext } from 'playwright-core';

export class Line {
  readonly url: string;
  /** UDP packets carried to the server. */
  packets = 0;
  /** Share of the browser's UDP packets that are lost, singly and in runs, 0…1. */
  lossShare = 0;
  #chance = 15;
  readonly #tcp: Server;
  readonly #udp: UdpSocket;
  readonly #ends = new Set<Socket>();
  /** The server's side of each of the browser's sockets. */
  readonly #flows = new Map<string, UdpSocket>();
  #serverPort = 0;
  #open = true;

  private constructor(tcp: Server, udp: UdpSocket) {
    this.#tcp = tcp;
    this.#udp = udp;
    this.url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
  }

  static async to(url: string): Promise<Line> {
    const { hostname, port } = new URL(url);
    const tcp = createServer().listen(0, '127.0.0.1');
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
    const line = new Line(tcp, udp);
    tcp.on('connection', (near) => line.#carry(near, connect(Number(port), hostname)));
    udp.on('message', (packet, from) => line.#toServer(packet, from));
    return line;
  }

  /** Pages of this context speak to the stage over this line. */
  async guide(context: BrowserContext): Promise<void> {
    await context.exposeFunction('lineFor', (port: number) => {
      this.#serverPort = port;
    });
    await context.addInitScript(leadOverLine, this.#udp.address().port);
  }

  cut(): void {
    this.#open = false;
    for (const end of this.#ends) end.pause();
  }

  mend(): void {
    this.#open = true;
    for (const end of this.#ends) end.resume();
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end.destroy();
    for (const flow of this.#flows.values()) flow.close();
    this.#udp.close();
    await new Promise((resolve) => this.#tcp.close(resolve));
  }

  #carry(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#ends.delete(from);
        to.destroy();
      });
      if (!this.#open) from.pause();
    }
  }

  #toServer(packet: Buffer, { address, port }: RemoteInfo): void {
    if (!this.#open || this.#serverPort === 0) return;
    const from = `${address} ${port}`;
    let flow = this.#flows.get(from);
    if (flow === undefined) {
      flow = createSocket('udp4');
      flow.on('message', (answer) => {
        if (this.#open) this.#udp.send(answer, port, address);
      });
      this.#flows.set(from, flow);
    }
    this.packets += 1;
    if (this.#isLost()) return;
    flow.send(packet, this.#serverPort, '127.0.0.1');
  }

  /** The same packets in every run: a linear congruential generator. */
  #isLost(): boolean {
    this.#chance = (this.#chance * 1_664_525 + 1_013_904_223) >>> 0;
    return this.#chance / 2 ** 32 < this.lossShare;
  }
}

/** Runs in the page before anything else. */
function leadOverLine(linePort: number): void {
  const { lineFor } = window as unknown as { lineFor(port: number): void };
  const CANDIDATE = /candidate:(\S+) (\d+) udp (\d+) (\S+) (\d+) typ host.*/i;
  /** The candidate at the line's end, or null for one that is not of this machine's loopback. */
  const moved = (text: string): string | null => {
    const [, foundation, component, priority, , port] = CANDIDATE.exec(text) ?? [];
    if (port === undefined) return null;
    lineFor(Number(port));
    return `candidate:${foundation} ${component} UDP ${priority} 127.0.0.1 ${linePort} typ host`;
  };
  const movedDescription = (sdp: string): string =>
    sdp.replace(/^a=candidate:.*\r\n/gm, (text) => {
      const candidate = moved(text);
      return candidate === null ? '' : `a=${candidate}\r\n`;
    });
  class LedConnection extends RTCPeerConnection {
    override setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      const sdp = movedDescription(description.sdp ?? '');
      return super.setRemoteDescription({ type: description.type, sdp });
    }

    override async addIceCandidate(given?: RTCIceCandidateInit | null): Promise<void> {
      const candidate = moved(given?.candidate ?? '');
      if (candidate !== null) await super.addIceCandidate({ ...given, candidate });
    }
  }
  Object.assign(window, { RTCPeerConnection: LedConnection });
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    if (typeof data !== 'string') return send.call(this, data);
    const message = JSON.parse(data) as { type: string; sdp?: string };
    if (message.type === 'candidate') return;
    if (message.sdp !== undefined) message.sdp = message.sdp.replace(/^a=candidate:.*\r\n/gm, '');
    send.call(this, JSON.stringify(message));
  };
}
