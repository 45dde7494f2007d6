import { z } from 'zod';
import { CONTRACT } from './handler.ts';

const jsonSchema = z.record(z.string(), z.unknown());
const subpath = z
  .string()
  .regex(/^\.(\/[\w.-]+)*$/, 'expected an export of the package, such as "." or "./commands"');

/** The field `ihandler` of a package.json: what a package contributes. The host reads it without running code of the package. */
export const manifestSchema = z.object({
  contract: z.literal(CONTRACT),
  /** The file in the package that declares its origins: {@link OriginsFile}. */
  origins: z
    .string()
    .regex(/^\.\/(?:[\w.-]+\/)*[\w.-]+\.json$/, 'expected a file of the package, such as "./origins.json"')
    .optional(),
  handlers: z
    .record(
      z.string(),
      z.object({
        /** The export whose default is the factory: a function of the options that returns the handler. */
        export: subpath.default('.'),
        summary: z.string(),
        /** Whether the handler sends incidents or parts of them off this machine. */
        network: z.boolean(),
        /**
         * Whether the handler acts on something beside its own files, such as a firewall, a mailbox or another program, or
         * writes lines on which other programs act. Then, as with `network`, it starts with new incidents unless its entry says otherwise. @default false
         */
        effects: z.boolean().optional(),
        /** The data that leaves this machine, and its recipient. */
        sends: z.string().optional(),
        /**
         * The default of the entry setting `mask`: whether incidents reach the handler with the sensor's own address masked.
         * `false` for a handler that masks by itself or writes to a database of the operator. @default `network`
         */
        mask: z.boolean().optional(),
        /** Other names for it in configurations, such as the name in the configuration of a sensor: `log_sqlite`. */
        aliases: z.array(z.string()).default([]),
        options: jsonSchema,
      }),
    )
    .default({}),
  sources: z
    .record(
      z.string(),
      z.object({
        export: subpath.default('.'),
        summary: z.string(),
        /** The input that `import` may pass to it: files, chosen by {@link FileSourceModule.recognises}, and standard input. */
        reads: z.array(z.enum(['file', 'stdin'])).default([]),
        /** Whether it runs until it is stopped. `run` uses live sources, `import` all others. */
        live: z.boolean().default(false),
        aliases: z.array(z.string()).default([]),
        options: jsonSchema,
      }),
    )
    .default({}),
  /** Kinds of sensors by name (`dionaea`): how to set one up; the export's default is a {@link SensorModule}. */
  sensors: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected lower-case letters, digits and "-"'),
      z.object({
        export: subpath,
        /** What its help says of `init --NAME FOLDER`. */
        summary: z.string(),
        /** Origins of incidents about the sensor itself, not about an attack: excluded by default. */
        ownOrigins: z.array(z.string()).default([]),
        /** Protocols that connections of the sensor have: `check` warns about others. @default any */
        protocols: z.array(z.string()).optional(),
        /** Protocols of connections that the sensor itself opens: excluded by default. */
        ownProtocols: z.array(z.string()).default([]),
      }),
    )
    .default({}),
  /** By name; the export has a record `commands` of {@link Command}s. */
  commands: z.record(z.string(), z.object({ export: subpath, summary: z.string() })).default({}),
  /** By name, for `journal:` in a configuration; the export is a {@link JournalModule}. */
  journals: z
    .record(z.string(), z.object({ export: subpath.default('.'), summary: z.string(), options: jsonSchema }))
    .default({}),
});

/** The parsed field `ihandler` of a package.json. See {@link manifestSchema}. */
export type Manifest = z.infer<typeof manifestSchema>;
