import { readFileSync } from 'node:fs';
import { IhandlerError, temporary } from '@ihandler/core';
import type { ClientConfig } from 'pg';

/** How to reach a database. Holds a password: not for printing; {@link Login.name} is. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Whether to encrypt and to check the server's certificate. */
  readonly ssl: boolean;
  /** The path of a certificate to trust. */
  readonly ca: string | undefined;
  /** The schema that the address names behind its `?`. */
  readonly schema: string | undefined;
  /** For people: `attacks at db.example.org:5432`. */
  readonly name: string;
}

/** What may be known of a login; the rest has defaults. */
export interface LoginParts {
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly ssl?: boolean | undefined;
  readonly ca?: string | undefined;
  readonly schema?: string | undefined;
}

/** What a schema may be called. */
export const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

const EXAMPLE = 'postgres://ihandler@db.example.org:5432/attacks';

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', `log-postgres: ${message}`);
}

function decoded(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    // The parts of a URL may hold a password, so they are not shown.
    throw invalid(`expected an address such as ${EXAMPLE}, found a "%" that begins no escape.`);
  }
}

const sslModes: Readonly<Record<string, boolean>> = {
  disable: false,
  require: true,
  'verify-ca': true,
  'verify-full': true,
};

/** Whether a text is the address of a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

/** Takes `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…&sslrootcert=…` apart. Throws `OPTIONS_INVALID`, without the password. */
function partsOf(text: string): LoginParts {
  if (!isPostgresUrl(text) || !URL.canParse(text))
    throw invalid(`expected an address such as ${EXAMPLE} in "url".`);
  const url = new URL(text);
  const { sslmode, sslrootcert, schema, ...others } = Object.fromEntries(url.searchParams);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(
      `expected sslmode, sslrootcert or schema behind the "?" of the address, found "${unknown}".`,
    );
  if (sslmode !== undefined && !Object.hasOwn(sslModes, sslmode))
    throw invalid(`expected sslmode to be ${Object.keys(sslModes).join(', ')}; found "${sslmode}".`);
  if (schema !== undefined && !SCHEMA_NAME.test(schema))
    throw invalid(`expected a schema of lower-case letters, digits and "_" in the address.`);
  return {
    schema,
    host: decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? undefined : Number(url.port),
    database: decoded(url.pathname.slice(1)),
    user: decoded(url.username),
    password: decoded(url.password),
    ssl: sslmode === undefined ? undefined : sslModes[sslmode],
    ca: sslrootcert,
  };
}

/** Puts a login together: what a part of the address says, else the option, else the environment, else a default. */
export function loginFrom(options: LoginParts): Login {
  const url: LoginParts = options.url === undefined ? {} : partsOf(options.url);
  const host = url.host ?? options.host;
  if (host === undefined) throw invalid(`expected "url", such as ${EXAMPLE}, or "host"; found neither.`);
  const { env } = process;
  const port = url.port ?? options.port ?? 5432;
  const user = url.user ?? options.user ?? 'ihandler';
  const database = url.database ?? options.database ?? user;
  const ca = url.ca ?? options.ca;
  return {
    host,
    port,
    database,
    user,
    password: url.password ?? options.password ?? env['IHANDLER_POSTGRES_PASSWORD'] ?? env['PGPASSWORD'],
    ssl: url.ssl ?? options.ssl ?? ca !== undefined,
    ca,
    schema: url.schema,
    name: `${database} at ${host.includes(':') ? `[${host}]` : host}:${port}`,
  };
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw temporary(`${file}, which "ca" names, cannot be read: put the certificate to trust there`, {
      cause,
    });
  }
}

/** The same for the driver. Reads the certificate; throws, as something that passes, when it cannot. */
export function clientConfig({ host, port, database, user, password, ssl, ca }: Login): ClientConfig {
  return {
    host,
    port,
    database,
    user,
    // The driver asks the environment and the user's ~/.pgpass only for what is undefined.
    password: password ?? '',
    // Without the host, a certificate is held against the name only where that is no address.
    ssl: ssl ? { host, ...(ca === undefined ? {} : { ca: readCertificate(ca) }) } : false,
    application_name: 'ihandler',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: '',
  };
}
