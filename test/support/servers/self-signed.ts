import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of a certificate and its key, in PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** A flaw of a self-signed certificate: it has expired, or is for another name. */
export type Flaw = 'expired' | 'other name';

/** Creates a self-signed certificate for `localhost` and 127.0.0.1. */
export function selfSigned(flaw?: Flaw): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = flaw === 'other name' ? 'DNS:other.example' : 'DNS:localhost,IP:127.0.0.1';
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${subject}`];
  const openssl = (...parts: readonly string[]) => execFileSync('openssl', parts, { stdio: 'ignore' });
  openssl('req', '-x509', ...curve, ...names, '-days', '2', '-keyout', key, '-out', cert);
  // Signed again with an end date one day before its start date.
  if (flaw === 'expired') openssl('x509', '-in', cert, '-signkey', key, '-days', '-1', '-out', cert);
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
