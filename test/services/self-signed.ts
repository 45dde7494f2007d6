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

/** Makes a certificate for this machine, by name and by address, that it signed itself: nobody trusts it who is not told to. */
export function selfSigned(): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-certificate-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-days', '2', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { cert, key, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
