import { parseOptions } from '@ihandler/core';
import { ageOption, tlsOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { type Login, loginFrom, SCHEMA_NAME } from './database/login.ts';

const text = (what: string) => z.string(`expected ${what}`).min(1, `expected ${what}`);

/** The options as a user writes them. The manifest and the README follow this schema. */
export const optionsSchema = z.strictObject({
  url: text('a URL such as "postgres://ihandler@db.example.org/attacks"').describe(
    'URL of the database: "postgres://USER@HOST:PORT/DATABASE".',
  ),
  user: text('the name of a database user')
    .optional()
    .describe('User name, if the URL has none. Default: "ihandler".'),
  password: text('a password')
    .optional()
    .describe(
      'Password of the user. Default: the environment variable IHANDLER_POSTGRES_PASSWORD, or PGPASSWORD.',
    ),
  tls: tlsOption
    .optional()
    .describe(
      'TLS settings. For a server with a public certificate, `?sslmode=verify-full` in the URL is enough.',
    ),
  schema: z
    .string('expected the name of a schema')
    .regex(SCHEMA_NAME, 'expected a name of lower-case letters, digits and "_"')
    .default('dionaea')
    .describe('Schema of the tables. Created if it does not exist.'),
  keep: ageOption('90d')
    .optional()
    .describe('How long to keep attacks after their last connection: "90d". Default: for ever.'),
  remember: ageOption('30d')
    .prefault('30d')
    .describe('How long to remember the ids of stored incidents, to recognise duplicates: "30d".'),
});

/** Options of {@link logPostgres}. */
export type LogPostgresOptions = Readonly<z.input<typeof optionsSchema>>;

/** The parsed options; ages in milliseconds. */
export interface Settings {
  readonly login: Login;
  readonly schema: string;
  readonly keep: number | undefined;
  readonly remember: number;
}

/** Parses options; throws `OPTIONS_INVALID`, and never shows a password. */
export function parseLogPostgresOptions(options: unknown): Settings {
  const { schema, keep, remember, ...connection } = parseOptions(optionsSchema, options, 'log-postgres');
  const login = loginFrom(connection);
  return { login, schema: login.schema ?? schema, keep, remember };
}
