import { readFileSync } from 'node:fs';
import { describeError, type FileSourceOptions, IhandlerError, parseOptions } from '@ihandler/core';
import { absolutePath, followShape, readShape } from '@ihandler/source-kit';
import { z } from 'zod';
import { type Mapping, type MappingInput, mappingSchema } from './mapping.ts';
import { presets } from './presets/index.ts';

const choice = {
  preset: z
    .enum([...presets.keys()] as [string, ...string[]])
    .optional()
    .describe('A mapping that comes with the package.'),
  // Parsed by itself: its schema in the manifest would be longer than everything else there.
  mapping: z
    .looseObject({})
    .optional()
    .describe('How the lines become incidents; the README lists its keys.'),
  mappingFile: absolutePath('File with a mapping in JSON.', '/etc/ihandler/acme.json').optional(),
};

/** Where the mapping comes from; one of them. */
export interface MappingOptions {
  /** A mapping that comes with the package: `adbhoney`, `conpot` or `opencanary`. */
  readonly preset?: string;
  /** How the lines become incidents. */
  readonly mapping?: MappingInput;
  /** The absolute path of a file with a mapping in JSON. */
  readonly mappingFile?: string;
}

/** Options of the source for files. Without a mapping, the first lines choose a preset. */
export interface JsonLinesOptions extends FileSourceOptions, MappingOptions {
  /** Longest line whose values are not cut, such as `1MiB`. @default "16MiB" */
  readonly maxLine?: string;
}

/** Options of the source that follows a file. */
export interface JsonLinesFollowOptions extends MappingOptions {
  /** The absolute path of the file. */
  readonly file: string;
  /** Name of the sensor that writes the lines. @default the sensor of the host */
  readonly sensor?: string;
  /** Longest line whose values are not cut, such as `1MiB`. @default "16MiB" */
  readonly maxLine?: string;
  /** Folder to which rotations move earlier parts. @default folders near the file */
  readonly rotatedTo?: string;
  /** How often to check the file, such as `1s`. @default "250ms" */
  readonly poll?: string;
  /** Where to start on the first run. @default "beginning" */
  readonly start?: 'beginning' | 'end';
}

/** The schema of {@link JsonLinesOptions}. */
export const optionsSchema = z.strictObject({ ...readShape, ...choice });

/** The schema of {@link JsonLinesFollowOptions}. */
export const followSchema = z.strictObject({
  file: absolutePath('File to follow.', '/var/log/acme.json'),
  ...followShape,
  ...choice,
});

function readMappingFile(file: string, owner: string): Mapping {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${owner}: mappingFile: cannot read ${file}: ${describeError(error)}`,
    );
  }
  return parseOptions(mappingSchema, value, `${owner}: ${file}`);
}

/** The mapping that options choose; undefined when they choose none. Throws `OPTIONS_INVALID` for more than one. */
function chosenMapping(
  { preset, mapping, mappingFile }: z.output<typeof optionsSchema> | z.output<typeof followSchema>,
  owner: string,
): Mapping | undefined {
  const given = [preset, mapping, mappingFile].filter((each) => each !== undefined);
  if (given.length > 1)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `${owner}: expected one of preset, mapping and mappingFile, found ${given.length}: remove the others.`,
    );
  if (mappingFile !== undefined) return readMappingFile(mappingFile, owner);
  if (mapping !== undefined) return parseOptions(mappingSchema, mapping, `${owner}: mapping`);
  return preset === undefined ? undefined : presets.get(preset);
}

/** Parses the options of the source for files. Throws `OPTIONS_INVALID`. */
export function readOptions(options: JsonLinesOptions) {
  const settings = parseOptions(optionsSchema, options, 'json-lines');
  return { ...settings, mapping: chosenMapping(settings, 'json-lines') };
}

/** Parses the options of the source that follows a file. Throws `OPTIONS_INVALID`. */
export function readFollowOptions(options: JsonLinesFollowOptions) {
  const settings = parseOptions(followSchema, options, 'json-lines-follow');
  const mapping = chosenMapping(settings, 'json-lines-follow');
  if (mapping === undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `json-lines-follow: expected a mapping, found none: set preset (${[...presets.keys()].join(', ')}), mapping or mappingFile.`,
    );
  return { ...settings, mapping };
}
