import type { SensorModule } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import type { DionaeaHandler, DionaeaInstallation } from './read-installation.ts';

type InstalledHandler = Parameters<NonNullable<SensorModule['explain']>>[1]['handlers'][number];
type Options = Readonly<Record<string, unknown>>;

/** The options here of ihandlers whose options in dionaea are others. Its database stays its own, so ours is another file. */
const translations: Readonly<Record<string, (dionaea: DionaeaInstallation) => Options>> = {
  log_sqlite: () => ({ file: 'attacks.sqlite' }),
  logsql: () => ({ file: 'attacks.sqlite' }),
  store: ({ samples }) => ({ sampleFolders: [samples] }),
};

/** The installed handler that an ihandler of dionaea's name stands for: by its own name, else by an alias. */
function handlerNamed(handlers: readonly InstalledHandler[], name: string): InstalledHandler | undefined {
  return (
    handlers.find((handler) => handler.name === name) ??
    handlers.find(({ spec }) => spec.aliases.includes(name))
  );
}

/** The options with which a handler runs here; undefined when the operator must choose them. */
function optionsOf(
  { name, config }: DionaeaHandler,
  { spec }: InstalledHandler,
  dionaea: DionaeaInstallation,
): Options | undefined {
  if (spec.network) return undefined;
  const options = translations[name]?.(dionaea) ?? config;
  const { properties, required } = spec.options;
  const known = isRecord(properties) ? properties : {};
  const needed = Array.isArray(required) ? required.map(String) : [];
  const isComplete =
    needed.every((key) => key in options) && Object.keys(options).every((key) => key in known);
  return isComplete ? options : undefined;
}

/** The block for a configuration that runs dionaea's ihandlers here, and the names of those that cannot, with the reason. */
export function handlerLines(
  dionaea: DionaeaInstallation,
  installed: readonly InstalledHandler[],
): readonly string[] {
  if (dionaea.ihandlers.length === 0) return [`No ihandler is enabled in ${dionaea.enabled}.`];
  const enabled = new Map(dionaea.ihandlers.map((handler) => [handler.name, handler]));
  enabled.delete('log_incident');
  const lines: string[] = [];
  const incomplete: string[] = [];
  const missing: string[] = [];
  for (const [name, handler] of enabled) {
    const here = handlerNamed(installed, name);
    const options = here && optionsOf(handler, here, dionaea);
    if (here === undefined) missing.push(name);
    else if (options === undefined) incomplete.push(here.name);
    else
      lines.push(
        `  - name: ${here.name}`,
        ...(Object.keys(options).length === 0 ? [] : [`    config: ${JSON.stringify(options)}`]),
      );
  }
  return [
    ...(lines.length > 0
      ? [
          'These of its ihandlers can run here. To use them, add to a configuration:',
          '',
          'ihandlers:',
          ...lines,
        ]
      : ['None of its ihandlers can run here without further options.']),
    ...(incomplete.length > 0 || missing.length > 0 ? [''] : []),
    ...incomplete.map((name) => `${name} is installed, too; its options: ihandler list --options ${name}`),
    ...(missing.length > 0 ? [`Not installed here: ${missing.join(', ')}.`] : []),
  ];
}
