import { describeError, IhandlerError, temporary } from '@ihandler/core';
import { readTls, type TlsOption, type TlsSettings } from '@ihandler/core/kit';
import type { ClientConfig } from 'pg';

/** How to connect to a database. Contains a password: print only {@link Login.name}. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Undefined for an unencrypted connection. */
  readonly tls: TlsOption | undefined;
  /** The schema named in the URL. */
  readonly schema: string | undefined;
  /** For messages: `attacks at db.example.org:5432`. */
  readonly name: string;
}

/** The options that a login is made of. */
export interface LoginOptions {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsOption | undefined;
}

/** The parts of a URL. `tls` is false where the URL switches encryption off. */
interface UrlParts {
  readonly host: string | undefined;
  readonly port: number;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsOption | false | undefined;
  readonly schema: string | undefined;
}

/** Valid names of a schema. */
export const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

const EXAMPLE = 'postgres://ihandler@db.example.org:5432/attacks';

function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', `log-postgres: url: ${message}`);
}

function decoded(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    // The text may be part of a password, so the message does not show it.
    throw invalid(`expected a URL such as ${EXAMPLE}, found a "%" that does not begin an escape sequence.`);
  }
}

const sslModes: readonly string[] = ['disable', 'require', 'verify-ca', 'verify-full'];

/** Whether a text is the URL of a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(text);
}

function tlsOf(sslmode: string | undefined, ca: string | undefined): TlsOption | false | undefined {
  if (sslmode === 'disable') return false;
  if (ca !== undefined) return { ca };
  return sslmode === undefined ? undefined : {};
}

/** Parses `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…&sslrootcert=…`. Throws `OPTIONS_INVALID`, without the password. */
function parseUrl(text: string): UrlParts {
  if (!isPostgresUrl(text) || !URL.canParse(text)) throw invalid(`expected a URL such as ${EXAMPLE}.`);
  const url = new URL(text);
  const { sslmode, sslrootcert, schema, ...others } = Object.fromEntries(url.searchParams);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(`expected the parameters sslmode, sslrootcert or schema, found "${unknown}".`);
  if (sslmode !== undefined && !sslModes.includes(sslmode))
    throw invalid(`expected sslmode to be ${sslModes.join(', ')}; found "${sslmode}".`);
  if (schema !== undefined && !SCHEMA_NAME.test(schema))
    throw invalid('expected a schema of lower-case letters, digits and "_".');
  return {
    schema,
    host: decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decoded(url.pathname.slice(1)),
    user: decoded(url.username),
    password: decoded(url.password),
    tls: tlsOf(sslmode, sslrootcert),
  };
}

/** Combines the URL with the options. What the URL says takes precedence over an option, and an option over the environment. */
export function loginFrom(options: LoginOptions): Login {
  const url = parseUrl(options.url);
  const { host, port } = url;
  if (host === undefined) throw invalid(`expected a URL with a host, such as ${EXAMPLE}.`);
  const { env } = process;
  const user = url.user ?? options.user ?? 'ihandler';
  const database = url.database ?? user;
  const tls = url.tls === undefined ? options.tls : url.tls && { ...options.tls, ...url.tls };
  return {
    host,
    port,
    database,
    user,
    password: url.password ?? options.password ?? env['IHANDLER_POSTGRES_PASSWORD'] ?? env['PGPASSWORD'],
    tls: tls === false ? undefined : tls,
    schema: url.schema,
    name: `${database} at ${host.includes(':') ? `[${host}]` : host}:${port}`,
  };
}

function tlsSettings(tls: TlsOption): TlsSettings {
  try {
    return readTls(tls, 'log-postgres');
  } catch (error) {
    // The operator can correct the file without a restart.
    throw temporary(describeError(error), { cause: error });
  }
}

/** The settings of the driver. Reads the TLS files; throws a temporary error when one is unreadable. */
export function clientConfig({ host, port, database, user, password, tls }: Login): ClientConfig {
  return {
    host,
    port,
    database,
    user,
    // The driver consults the environment and the user's ~/.pgpass only for undefined settings.
    password: password ?? '',
    // Without `host` the driver checks the name in a certificate only where the server is not named by an address.
    ssl: tls === undefined ? false : { host, ...tlsSettings(tls) },
    application_name: 'ihandler',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: '',
  };
}
