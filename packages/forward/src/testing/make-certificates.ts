import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificates created with openssl, in a folder that `remove` deletes. */
export interface Certificates {
  /** A private authority, and another one that has signed none of the certificates. */
  readonly ca: string;
  readonly otherCa: string;
  /** Signed by `ca`: for 127.0.0.1, for another name, and expired. */
  readonly good: Certificate;
  readonly otherName: Certificate;
  readonly expired: Certificate;
  /** The SHA-256 of the good certificate as openssl prints it, and of its public key in curl's form. */
  readonly fingerprint: string;
  readonly keyPin: string;
  remove(): void;
}

/** Creates all certificates; takes about a second. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-certificates-'));
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

  function authority(name: string): string {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
    return at(`${name}.pem`);
  }
  function signed(name: string, subject: string, ...dates: readonly string[]): Certificate {
    openssl(
      'req',
      '-new',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    writeFileSync(at(`${name}.ext`), `subjectAltName=${subject}\n`);
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by, ...dates);
    return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
  }

  const ca = authority('ca');
  const otherCa = authority('other-ca');
  const good = signed('good', 'IP:127.0.0.1', '-days', '2');
  const otherName = signed('other-name', 'DNS:hub.example', '-days', '2');
  const expired = signed('expired', 'IP:127.0.0.1', '-days', '-1');
  const [, fingerprint = ''] = openssl('x509', '-in', good.cert, '-noout', '-fingerprint', '-sha256')
    .trim()
    .split('=');
  const publicKey = openssl('x509', '-in', good.cert, '-noout', '-pubkey');
  writeFileSync(at('public.pem'), publicKey);
  openssl('pkey', '-pubin', '-in', 'public.pem', '-outform', 'DER', '-out', 'public.der');
  openssl('dgst', '-sha256', '-binary', '-out', 'public.sha256', 'public.der');
  const keyPin = `sha256//${readFileSync(at('public.sha256')).toString('base64')}`;
  const remove = () => rmSync(folder, { recursive: true, force: true });
  return { ca, otherCa, good, otherName, expired, fingerprint, keyPin, remove };
}
