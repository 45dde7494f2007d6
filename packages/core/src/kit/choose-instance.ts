import type { ConfiguredInstance } from '../contract/command.ts';
import { IhandlerError } from '../contract/error.ts';

/**
 * The instance that a command of a handler works on: the one that its option `--as` names, or else the only one. Throws
 * `OPTIONS_INVALID` when there is none or the choice is not clear.
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
  const wanted = named === undefined ? handler : `an instance ${JSON.stringify(named)} of ${handler}`;
  const problem =
    only === undefined
      ? `Expected ${wanted} in the configuration, found ${names === '' ? 'none' : `only ${names}`}. Name the configuration with -c FILE.yaml.`
      : `Several instances of ${handler} are configured. Choose one with --as: ${names}.`;
  throw new IhandlerError('OPTIONS_INVALID', problem);
}
