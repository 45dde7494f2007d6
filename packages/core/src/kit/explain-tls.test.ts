import { describe, expect, it } from 'vitest';
import { explainTls } from './explain-tls.ts';

const withCode = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('explainTls', () => {
  it.each([
    ['CERT_HAS_EXPIRED', /has expired/],
    ['CERT_NOT_YET_VALID', /not valid yet/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
    ['CERT_REVOKED', /revoked/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /"tls\.ca"/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /"tls\.ca"/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /"tls\.ca"/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /"tls\.ca"/],
    ['CERT_SIGNATURE_FAILURE', /"tls\.ca"/],
    ['CERT_CHAIN_TOO_LONG', /invalid/],
    ['CRL_HAS_EXPIRED', /invalid/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /"tls\.cert"/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', /"tls\.cert"/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /speaks TLS/],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', /speaks TLS/],
    ['EPROTO', /speaks TLS/],
  ])('explains %s', (code, advice) => {
    expect(explainTls(withCode(code, 'failed'))).toMatch(advice);
  });

  it.each([
    ['certificate has expired', /has expired/],
    [
      "Hostname/IP does not match certificate's altnames: Host: a. is not in the cert's altnames",
      /another name/,
    ],
    ['self-signed certificate in certificate chain', /"tls\.ca"/],
    ['unable to verify the first certificate', /"tls\.ca"/],
    ['Client network socket disconnected before secure TLS connection was established', /speaks TLS/],
  ])('explains an error that says only "%s"', (message, advice) => {
    expect(explainTls(new Error(message))).toMatch(advice);
  });

  it('looks at the causes of an error', () => {
    const cause = withCode('DEPTH_ZERO_SELF_SIGNED_CERT', 'failed');
    expect(explainTls(new Error('fetch failed', { cause: new Error('x', { cause }) }))).toMatch(/"tls\.ca"/);
  });

  it.each([
    withCode('ECONNREFUSED'),
    withCode('ENOTFOUND'),
    withCode('EPROTOTYPE'),
    new Error('not authorized'),
    'text',
    undefined,
    null,
  ])('does not explain %s', (error) => {
    expect(explainTls(error)).toBeUndefined();
  });
});
