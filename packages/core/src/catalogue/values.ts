import { z } from 'zod';
import type { Connection, Value } from '../contract/incident.ts';

const endpoint = { host: z.string(), port: z.int() };

/** The one shape of a connection, whatever the sensor's wire calls its parts. */
export const connection: z.ZodType<Connection> = z.object({
  id: z.string(),
  protocol: z.string(),
  transport: z.string(),
  local: z.object(endpoint),
  remote: z.object({ ...endpoint, hostname: z.string().nullable() }),
});

/** Raw bytes, as a sensor gives what is not UTF-8. */
export const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** What an attacker sent: text where it is UTF-8, bytes where it is not. */
export const text: z.ZodType<string | Uint8Array> = z.union([z.string(), bytes]);

/** A whole number. Some sensors and databases write it in decimal digits. */
export const numeral: z.ZodType<number | string> = z.union([z.int(), z.string().regex(/^-?\d{1,20}$/)]);

/** A whole number or its decimal digits, or null where there was none. */
export const maybeNumeral: z.ZodType<number | string | null> = numeral.nullable();

/** Text that often is a number, and a number in databases. */
export const loose: z.ZodType<string | number> = z.union([z.string(), z.number()]);

/** A string, or null where there was none. */
export const maybeString: z.ZodType<string | null> = z.string().nullable();

/** A truth value; dionaea's C core turns it into 0 or 1. */
export const flag: z.ZodType<boolean | number> = z.union([z.boolean(), z.int()]);

/** A list of anything, for parts that nobody interprets. */
// Safe: an incident's data holds nothing but values, so what is in the list is one.
export const anyList = z.array(z.unknown()) as unknown as z.ZodType<readonly Value[]>;

/** An object of anything, for parts that nobody interprets. */
// Safe: as above.
export const anyRecord = z.looseObject({}) as unknown as z.ZodType<{ readonly [key: string]: Value }>;

/** Data that is a connection and nothing else. */
export const ofConnection = z.object({ connection });
