/** The address people use: as configured, or made from host, port and whether TLS is on. */
import type { Config } from './config.ts';

/** Without a trailing slash. */
export function publicUrlOf(config: Config, port: number = config.port): string {
  if (config.publicUrl !== '') return config.publicUrl.replace(/\/+$/, '');
  const scheme = config.tlsCert === '' ? 'http' : 'https';
  const anywhere = config.host === '0.0.0.0' || config.host === '::';
  const host =
    anywhere || config.host === '127.0.0.1'
      ? 'localhost'
      : config.host.includes(':')
        ? `[${config.host}]`
        : config.host;
  return `${scheme}://${host}:${port}`;
}
