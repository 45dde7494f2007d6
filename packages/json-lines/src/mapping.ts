import { LEVELS } from '@ihandler/core';
import { z } from 'zod';

const origin = z
  .string()
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'expected an origin of letters, digits, "_", "-" and dots');
const value = z.union([z.string(), z.number(), z.boolean()]);
const conversion = z.enum(['seconds', 'time', 'basename', 'word', 'count']);

/** Where a value is in a line; see `FactSource` of core. */
const oneSource = z.union(
  [
    z.string(),
    z.strictObject({ value }),
    z.strictObject({ path: z.string(), as: conversion }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ lookup: z.string(), in: z.record(z.string(), value) }),
    z.strictObject({ pick: z.array(z.string()) }),
  ],
  'expected a path such as "src.ip", { value }, { path, as }, { text }, { lookup, in } or { pick }',
);
const source = z.union([oneSource, z.array(oneSource)]);
const end = { host: source.optional(), port: source.optional() };

/** How the lines of a log become incidents. */
export const mappingSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and "-"')
    .describe('Name of the format. It is a part of the ids of incidents: another name gives other ids.'),
  time: z
    .union([
      z.string(),
      z.strictObject({
        path: z
          .union([z.string(), z.array(z.string()).min(1)])
          .describe('Path, or several of which the first that exists counts.'),
        format: z
          .enum(['auto', 'iso', 'seconds', 'milliseconds', 'microseconds', 'nanoseconds'])
          .default('auto')
          .describe(
            'How the time is written; "auto" tells text in ISO 8601 and numbers apart by their size.',
          ),
      }),
    ])
    .describe('Path of the time. A text without a zone is UTC.'),
  origin: z
    .union([
      origin,
      z.strictObject({
        path: z.string().describe('Path of the kind of event.'),
        prefix: z.string().default('').describe('Comes before the kind: "acme.".'),
        names: z
          .record(z.string(), z.string())
          .default({})
          .describe('The origin of a kind, without the prefix.'),
        otherwise: origin.describe('The origin of all other lines.'),
        skip: z.array(value).default([]).describe('Kinds whose lines are skipped.'),
      }),
    ])
    .describe('The origin of all lines, or where it is.'),
  connection: z
    .strictObject({
      id: source
        .optional()
        .describe('What is the same in all lines of a connection. Default: its four ends.'),
      protocol: source.optional(),
      transport: source.optional().describe('Default: tcp.'),
      local: z.strictObject(end).optional(),
      remote: z.strictObject({ ...end, hostname: source.optional() }).optional(),
      remember: z
        .boolean()
        .default(false)
        .describe('Only the first line of a connection has its ends; the source remembers them by the id.'),
    })
    .optional()
    .describe('The connection of a line, under "connection" in its incident.'),
  requires: z
    .array(z.string())
    .default([])
    .describe('Paths that every line of this format has: how the program recognises a file.'),
  origins: z
    .record(
      origin,
      z.strictObject({
        level: z.enum(LEVELS).default('info'),
        description: z.string().default(''),
        roles: z.record(z.string(), z.record(z.string(), source)).default({}),
        closes: z.boolean().default(false).describe('Whether the connection ends with it.'),
      }),
    )
    .default({})
    .describe('What the incidents of each origin mean: their roles, with the facts found in the line.'),
});

/** How the lines of a log become incidents, as users write it. */
export type MappingInput = z.input<typeof mappingSchema>;

/** How the lines of a log become incidents. */
export type Mapping = z.output<typeof mappingSchema>;
