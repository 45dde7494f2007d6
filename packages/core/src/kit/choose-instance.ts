import type { ConfiguredInstance } from '../contract/command.ts';
import { IhandlerError } from '../contract/error.ts';

/**
 * The instance that a command of a handler works on: the one named (by its option `--as`), else the only one. Throws
 * `OPTIONS_INVALID`, which says what to name, when it is none or one of several.
 */
export function chooseInstance(
  handler: string,
  instances: readonly ConfiguredInstance[],
  named: string | undefined,
): ConfiguredInstance {
  const fitting = named === undefined ? instances : instances.filter(({ instance }) => instance === named);
  const [only, ...more] = fitting;
  if (only !== undefined && more.length === 0) return only;
  const names = instances.map(({ instance }) => instance).join(', ');
  const problem =
    only === undefined
      ? `Expected ${named === undefined ? handler : `an instance ${JSON.stringify(named)} of ${handler}`} in the configuration, found ${names === '' ? 'none' : `only ${names}`}: name the configuration with -c FILE.yaml.`
      : `Several instances of ${handler} are configured: choose one with --as (${names}).`;
  throw new IhandlerError('OPTIONS_INVALID', problem);
}
