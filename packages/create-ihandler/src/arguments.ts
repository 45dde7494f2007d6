import { parseArgs } from 'node:util';
import { checkName, type Kind, type PartialAnswers, UsageError } from './answers.ts';

export const usage = `Usage: create-ihandler [FOLDER] [OPTIONS]

Create a package for ihandler in a new folder.

  --handler      a handler: acts on incidents (default)
  --source       a source: reports the incidents of a sensor that writes a log
  --both         a handler and a source
  --ts, --js     TypeScript (default), or JavaScript with types in comments
  --name NAME    the name of the handler or source (default: the name of the folder)
  -y, --yes      ask nothing: use the defaults
  -h, --help     show this help
`;

const options = {
  handler: { type: 'boolean' },
  source: { type: 'boolean' },
  both: { type: 'boolean' },
  ts: { type: 'boolean' },
  js: { type: 'boolean' },
  name: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

/** At most one of the given switches. */
function only<T extends string>(names: readonly T[], values: { readonly [name in T]?: boolean | undefined }) {
  const set = names.filter((name) => values[name] === true);
  if (set.length > 1)
    throw new UsageError(`Expected one of ${set.map((name) => `--${name}`).join(' and ')}; found both.`);
  return set[0];
}

/** Reads the command line; undefined when it asks for help. Throws {@link UsageError}. */
export function parseArguments(argv: readonly string[]): PartialAnswers | undefined {
  const { values, positionals } = parse(argv);
  if (values.help === true) return undefined;
  if (positionals.length > 1)
    throw new UsageError(`Expected one folder; found ${positionals.length}: ${positionals.join(' ')}.`);
  const [folder] = positionals;
  const kind = only<Kind>(['handler', 'source', 'both'], values);
  const language = only(['ts', 'js'] as const, values);
  return {
    yes: values.yes === true,
    ...(folder !== undefined && { folder }),
    ...(kind !== undefined && { kind }),
    ...(language !== undefined && { language }),
    ...(values.name !== undefined && { name: checkName(values.name) }),
  };
}
