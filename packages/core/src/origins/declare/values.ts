import { z } from 'zod';
import type { Connection, Value } from '../../contract/incident.ts';

const endpoint = { host: z.string(), port: z.int() };

/** A connection, in the one form that all sources convert to. */
export const connection: z.ZodType<Connection> = z.object({
  id: z.string(),
  protocol: z.string(),
  transport: z.string(),
  local: z.object(endpoint),
  remote: z.object({ ...endpoint, hostname: z.string().nullable() }),
});

/** Bytes, where a sensor recorded data that is not UTF-8. */
export const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** Data that an attacker sent: text if it is valid UTF-8, or bytes. */
export const text: z.ZodType<string | Uint8Array> = z.union([z.string(), bytes]);

/** A whole number, or its decimal digits, which some sensors and databases write. */
export const numeral: z.ZodType<number | string> = z.union([z.int(), z.string().regex(/^-?\d{1,20}$/)]);

/** A whole number, its decimal digits, or null. */
export const maybeNumeral: z.ZodType<number | string | null> = numeral.nullable();

/** Text that is often a number; databases store a number. */
export const loose: z.ZodType<string | number> = z.union([z.string(), z.number()]);

/** A string or null. */
export const maybeString: z.ZodType<string | null> = z.string().nullable();

/** A boolean, or 0 or 1, which some sensors write. */
export const flag: z.ZodType<boolean | number> = z.union([z.boolean(), z.int()]);

/** A list of any values, for parts that no handler interprets. */
// Safe: the data of an incident contains only values.
export const anyList = z.array(z.unknown()) as unknown as z.ZodType<readonly Value[]>;

/** An object of any values, for parts that no handler interprets. */
// Safe: as above.
export const anyRecord = z.looseObject({}) as unknown as z.ZodType<{ readonly [key: string]: Value }>;

/** Data that contains only a connection. */
export const ofConnection = z.object({ connection });
