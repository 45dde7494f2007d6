import { z } from 'zod';
import { CONTRACT } from './handler.ts';

const jsonSchema = z.record(z.string(), z.unknown());
const subpath = z
  .string()
  .regex(/^\.(\/[\w.-]+)*$/, 'expected an export of the package, such as "." or "./commands"');

/** The field `ihandler` of a package.json: what a package offers, readable without running its code. */
export const manifestSchema = z.object({
  contract: z.literal(CONTRACT),
  handlers: z
    .record(
      z.string(),
      z.object({
        /** The export whose default is the factory. */
        export: subpath.default('.'),
        summary: z.string(),
        /** Whether anything it handles leaves this machine; and then to where. */
        network: z.boolean(),
        sends: z.string().optional(),
        /** Names that configurations of other programs use for it: `log_sqlite`. */
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
        /** Whether `import` may offer it files, through {@link FileSourceModule.recognises}, and standard input. */
        reads: z.array(z.enum(['file', 'stdin'])).default([]),
        /** Whether it goes on until it is told to stop: `run` takes such sources, `import` the others. */
        live: z.boolean().default(false),
        aliases: z.array(z.string()).default([]),
        options: jsonSchema,
      }),
    )
    .default({}),
  /** Commands by name; the export's `commands` is a record of {@link Command}s. */
  commands: z.record(z.string(), z.object({ export: subpath, summary: z.string() })).default({}),
  /** Journals by name, for `journal:` in a configuration; the export's default is a function of options. */
  journals: z
    .record(z.string(), z.object({ export: subpath.default('.'), summary: z.string(), options: jsonSchema }))
    .default({}),
});

/** See {@link manifestSchema}. */
export type Manifest = z.infer<typeof manifestSchema>;
