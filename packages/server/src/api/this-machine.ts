/**
 * Whether somebody on this machine asks. A request that went through a proxy does not count, even though
 * its connection does; neither does one for a name that others could have pointed at this machine.
 */
import type { FastifyRequest } from 'fastify';

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;
const LOOPBACK_HOST = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?$/;

export function isFromThisMachine(request: FastifyRequest): boolean {
  const { host, headers } = request;
  const ip: string | undefined = request.ip;
  const proxied = ['via', 'forwarded', 'x-real-ip'].some((name) => headers[name] !== undefined);
  // Without an address: asked on the socket itself, which only this user can open.
  return !proxied && LOOPBACK_HOST.test(host) && (ip === undefined || LOOPBACK.test(ip));
}
