import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { describeError, IhandlerError } from '../contract/error.ts';
import { readWholeFile } from './files/read-whole-file.ts';

const pemFile = z
  .string('expected the path of a PEM file')
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
  .optional();

function pemOption(description: string) {
  return pemFile.meta({ description, format: 'path', access: 'read' });
}

/** The option `tls` in an options schema: the same for every handler and source that connects to a server. */
export const tlsOption = z.strictObject({
  ca: pemOption(
    'Certificates of the authorities that sign the server certificate (PEM). Default: public ones.',
  ),
  cert: pemOption('Client certificate (PEM).'),
  key: pemOption('Private key of the client certificate (PEM).'),
  insecure: z
    .boolean()
    .optional()
    .describe(
      'Accept a connection that others can read or alter: unencrypted, or with an unverified certificate.',
    ),
});

/** TLS settings as a user writes them. */
export type TlsOption = Readonly<z.output<typeof tlsOption>>;

/** TLS settings as `node:tls` expects them; files are read. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

function readPem(owner: string, option: string, file: string): string {
  const advice = 'Name a PEM file.';
  try {
    const pem = readWholeFile(file).toString('utf8');
    if (pem.includes('-----BEGIN ')) return pem;
  } catch (cause) {
    const message = `${owner}: tls.${option}: cannot read ${file}: ${describeError(cause)}. ${advice}`;
    throw new IhandlerError('OPTIONS_INVALID', message, { cause });
  }
  throw new IhandlerError('OPTIONS_INVALID', `${owner}: tls.${option}: ${file} is not a PEM file. ${advice}`);
}

/** Reads the files of the option `tls` of a handler or source called `owner`. Throws `OPTIONS_INVALID`. */
export function readTls(tls: TlsOption, owner: string): TlsSettings {
  const { ca, cert, key, insecure = false } = tls;
  if ((cert === undefined) !== (key === undefined))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${owner}: tls: expected "cert" and "key" together, found only "${cert === undefined ? 'key' : 'cert'}".`,
    );
  return {
    ...(ca !== undefined && { ca: readPem(owner, 'ca', ca) }),
    ...(cert !== undefined && { cert: readPem(owner, 'cert', cert) }),
    ...(key !== undefined && { key: readPem(owner, 'key', key) }),
    rejectUnauthorized: !insecure,
  };
}
