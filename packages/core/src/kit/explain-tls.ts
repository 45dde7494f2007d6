import { describeError, errorCode } from '../contract/error.ts';
import { property } from '../contract/property.ts';

/** What OpenSSL and Node report, by code or (from clients that keep only the text) by message, and what an operator can do. */
const advices: readonly (readonly [reported: RegExp, advice: string])[] = [
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate has expired|certificate is not yet valid/i,
    "The server's certificate has expired or is not valid yet: renew it on the server, and check the clock of this machine.",
  ],
  [
    /CERT_ALTNAME_INVALID|does not match certificate's altnames/i,
    "The server's certificate is for another name: connect by a name that the certificate lists, or issue it for this name.",
  ],
  [
    /CERT_REVOKED|certificate revoked/i,
    "The server's certificate has been revoked: replace it on the server.",
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|alert (?:certificate required|bad certificate|unknown ca)|ALERT_HANDSHAKE_FAILURE|alert handshake failure/i,
    'The server rejected this client: if it requires a client certificate, set "tls.cert" and "tls.key" to one that it trusts.',
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA|self.signed certificate|unable to (?:verify|get (?:local )?issuer)|certificate not trusted/i,
    'The server\'s certificate is not trusted: set "tls.ca" to a PEM file with the certificate of the authority that signed it.',
  ],
  [
    /\bEPROTO\b|ERR_SSL_|ERR_TLS_(?!CERT)|SSL routines|TLS handshake|answer is not TLS|before secure TLS connection/i,
    'The TLS handshake failed: check that the server speaks TLS at this address and port.',
  ],
  [
    /^(?:CERT|CRL)_|(?:^|\s)ERR_TLS_CERT/,
    'The server\'s certificate is invalid: replace it, or set "tls.ca" to a PEM file with the certificate of its authority.',
  ],
];

/**
 * One sentence of advice for a failed TLS connection: expired, for another name, untrusted, a client certificate missing, or
 * not TLS at all. Looks at the error and up to four causes, first at their codes and then at their text. Undefined for any
 * other failure, so that `explainTls(error) ?? …` can continue with advice about the protocol.
 */
export function explainTls(error: unknown): string | undefined {
  const codes: string[] = [];
  for (let current = error, depth = 0; current !== undefined && depth < 5; depth += 1) {
    codes.push(errorCode(current));
    current = property(current, 'cause');
  }
  const found = [...codes, describeError(error)];
  return found
    .map((text) => advices.find(([reported]) => text !== '' && reported.test(text))?.[1])
    .find((advice) => advice !== undefined);
}
