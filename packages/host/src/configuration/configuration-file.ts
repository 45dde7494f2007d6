import { escapeControls } from '@ihandler/core';
import { brokenFile, type ParsedFile, parseYaml } from './parse-yaml.ts';
import { readText } from './read-text.ts';

/** One file of a configuration. */
export interface ConfigurationFile extends ParsedFile {
  /** Absolute. */
  readonly file: string;
  /** Whether it has the program's own format, or that of a sensor: a list of handlers. */
  readonly form: 'own' | 'sensor';
}

/** Reads a file that is not in the program's own format; undefined when this reader does not know it either. */
export type SensorReader = (text: string, file: string) => ParsedFile | undefined;

/** The program's own format is a mapping of settings, none of which is called `name`; an empty file is one without any. */
function isOwn({ value, broken: problem }: ParsedFile): boolean {
  if (problem !== undefined || value === null) return problem === undefined;
  return typeof value === 'object' && value !== undefined && !Array.isArray(value) && !('name' in value);
}

/**
 * Reads a file: YAML in the program's own format, else the first sensor's format that knows it. An error in it is in the
 * result, not thrown. A file that another one includes (`isIncluded`) must be a regular one. `readers` is only called for a file that is not in the program's own format.
 */
export async function readConfigurationFile(
  file: string,
  readers: () => Promise<readonly SensorReader[]>,
  isIncluded = false,
): Promise<ConfigurationFile> {
  const read = readText(file, isIncluded);
  if ('problem' in read) return { file, form: 'own', ...brokenFile(escapeControls(read.problem)) };
  const { text } = read;
  const parsed = parseYaml(text);
  if (isOwn(parsed)) return { file, form: 'own', ...parsed };
  for (const parse of await readers()) {
    const known = parse(text, file);
    if (known !== undefined) return { file, form: 'sensor', ...known };
  }
  if (parsed.broken !== undefined) return { file, form: 'own', ...parsed };
  return {
    file,
    form: 'own',
    ...brokenFile(
      'is not a configuration: expected a YAML mapping of settings, or a format that an installed package reads',
    ),
  };
}
