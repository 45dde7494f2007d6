import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readTls, tlsOption } from './tls-option.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ihandler-tls-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('the option tls', () => {
  it('reads its files and verifies the server certificate by default', () => {
    const file = join(folder(), 'a.pem');
    const pem = '-----BEGIN CERTIFICATE-----\n';
    writeFileSync(file, pem);
    expect(readTls(tlsOption.parse({ ca: file, cert: file, key: file }), 'acme')).toEqual({
      ca: pem,
      cert: pem,
      key: pem,
      rejectUnauthorized: true,
    });
    expect(readTls({}, 'acme')).toEqual({ rejectUnauthorized: true });
    expect(readTls({ insecure: true }, 'acme')).toEqual({ rejectUnauthorized: false });
  });

  it('rejects a file that is missing or not PEM, and a certificate without its key', () => {
    const file = join(folder(), 'a.pem');
    expect(() => readTls({ ca: file }, 'acme')).toThrow(/acme: tls\.ca: cannot read .*no such file/);
    writeFileSync(file, 'text');
    expect(() => readTls({ ca: file }, 'acme')).toThrow(/acme: tls\.ca: .* is not a PEM file/);
    expect(() => readTls({ cert: file }, 'acme')).toThrow(/expected "cert" and "key" together/);
    expect(tlsOption.safeParse({ ca: 'relative.pem' }).success).toBe(false);
  });
});
