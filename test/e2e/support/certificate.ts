/** A certificate that nobody has signed but itself. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes one for `localhost` in the folder, of P-256, for two days. @returns the paths, PEM */
export function selfSigned(folder: string): { certificate: string; key: string } {
  const certificate = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const rest = ['-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', ...kind, ...rest], { stdio: 'ignore' });
  return { certificate, key };
}
