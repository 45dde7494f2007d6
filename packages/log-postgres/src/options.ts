import { parseOptions } from '@ihandler/core';
import { ageOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { type Login, loginFrom, SCHEMA_NAME } from './database/login.ts';

const text = (what: string) => z.string(`expected ${what}`).min(1, `expected ${what}`);

/** The options as a user writes them. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  url: text('an address such as "postgres://ihandler@db.example.org/attacks"')
    .optional()
    .describe('The database: "postgres://USER@HOST:PORT/DATABASE". Without it, the four options below.'),
  host: text('the name or address of the database server')
    .optional()
    .describe('The server, or the folder of its socket.'),
  port: z
    .int('expected a port from 1 to 65535')
    .min(1, 'expected a port from 1 to 65535')
    .max(65_535, 'expected a port from 1 to 65535')
    .optional()
    .describe('The port of the server. Default: 5432.'),
  database: text('the name of a database').optional().describe("The database. Default: the user's name."),
  user: text('the name of a user of the database').optional().describe('Who writes. Default: "ihandler".'),
  password: text('a password')
    .optional()
    .describe('Better in the environment: IHANDLER_POSTGRES_PASSWORD, or PGPASSWORD.'),
  ssl: z
    .boolean('expected true or false')
    .optional()
    .describe('Encrypt, and refuse a server whose certificate is not trusted. Default: when "ca" is given.'),
  ca: text('the path of a certificate')
    .meta({ description: 'A certificate (PEM) to trust beside those of the system.', format: 'path' })
    .optional(),
  schema: z
    .string('expected the name of a schema')
    .regex(SCHEMA_NAME, 'expected a name of lower-case letters, digits and "_"')
    .default('dionaea')
    .describe('The schema that the tables are in. Made when it does not exist.'),
  keep: ageOption('90d')
    .optional()
    .describe('How long attacks are kept after their last connection: "90d". Default: for ever.'),
  remember: ageOption('30d')
    .prefault('30d')
    .describe('How long it is known, incident by incident, what is stored: "30d".'),
});

/** Options of {@link logPostgres}. */
export type LogPostgresOptions = Readonly<z.input<typeof optionsSchema>>;

/** The options after the door: ages in milliseconds. */
export interface Settings {
  readonly login: Login;
  readonly schema: string;
  readonly keep: number | undefined;
  readonly remember: number;
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`, and never shows a password. */
export function parseLogPostgresOptions(options: unknown): Settings {
  const { schema, keep, remember, ...connection } = parseOptions(optionsSchema, options, 'log-postgres');
  const login = loginFrom(connection);
  return { login, schema: login.schema ?? schema, keep, remember };
}
