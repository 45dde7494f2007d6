import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of a certificate and its key, as PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** What is wrong with a certificate, besides that it signed itself: it has expired, or is for another machine. */
export type Flaw = 'expired' | 'other name';

/** Makes a certificate for this machine, by name and by address, that it signed itself: nobody trusts it who is not told to. */
export function selfSigned(flaw?: Flaw): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = flaw === 'other name' ? 'DNS:other.example' : 'DNS:localhost,IP:127.0.0.1';
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${subject}`];
  const openssl = (...parts: readonly string[]) => execFileSync('openssl', parts, { stdio: 'ignore' });
  openssl('req', '-x509', ...curve, ...names, '-days', '2', '-keyout', key, '-out', cert);
  // Signed again to end a day before it begins.
  if (flaw === 'expired') openssl('x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert);
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
