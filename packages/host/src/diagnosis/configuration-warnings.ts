import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type HandlerEntry, isWriting, matchOrigin } from '@ihandler/core';
import { addresses, formatBytes, isRecord, isSecretName } from '@ihandler/core/kit';
import { ownOrigins, roleIn } from '@ihandler/core/origins';
import type { HostPlan } from '../assembly/host-plan.ts';
import { planHost } from '../assembly/host-plan.ts';
import { isLocal } from '../assembly/load-handlers.ts';
import type { LoadedJournal } from '../assembly/load-journal.ts';
import { instanceName } from '../assembly/prepare-host.ts';
import { requestedEntries } from '../assembly/requested-handlers.ts';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import { type ConfigPath, formatPath } from '../configuration/problem.ts';
import { createSecrets } from '../configuration/secrets.ts';
import { didYouMean } from '../did-you-mean.ts';
import { contributionsOf } from '../discovery/contributions.ts';
import { statusOf } from '../file-status.ts';
import { declaredOrigins } from '../origins/declared-origins.ts';
import { healthAddress } from '../status/health-server.ts';
import { freeDisk } from '../status/journal-status.ts';
import { endpointText } from './endpoint-text.ts';
import { realPath } from './real-path.ts';
import { handlerResources } from './resources.ts';

/** Something in a valid configuration that is probably not meant. */
export interface ConfigurationWarning {
  readonly path: ConfigPath;
  readonly message: string;
}

/** A text that stands for a value to fill in: `CHANGEME`, `<your key>`. */
const placeholder = /^(?:change[-_ ]?(?:me|it|this)|todo|fixme|replace[-_ ]?me|your[-_ ].+)$|^<[^<>]+>$/i;

function placeholders(value: unknown, path: ConfigPath): readonly ConfigurationWarning[] {
  if (typeof value === 'string') {
    if (!placeholder.test(value.trim())) return [];
    const found = path.some((key) => isSecretName(String(key))) ? 'a placeholder' : JSON.stringify(value);
    return [{ path, message: `expected a value of your own; found ${found}` }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placeholders(item, [...path, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => placeholders(item, [...path, key]));
}

/** The globs of a list that match no known origin. Those of the host's own incidents and of declared reports are known. */
function unknownGlobs(
  globs: readonly string[],
  path: ConfigPath,
  origins: readonly string[],
): readonly ConfigurationWarning[] {
  return globs.flatMap((glob, index) =>
    glob === '*' || roleIn(glob) !== undefined || origins.some((origin) => matchOrigin(glob, origin))
      ? []
      : [{ path: [...path, index], message: `matches no known origin: ${glob}${didYouMean(glob, origins)}` }],
  );
}

function globsOf({ handler }: HandlerEntry): readonly string[] {
  return isWriting(handler) ? handler.accepts : Object.keys(handler.on ?? {});
}

/** Warnings about origins, protocols and placeholders of the entries. */
function entryWarnings(plan: HostPlan, handlers: readonly HandlerEntry[]): readonly ConfigurationWarning[] {
  const reported = handlers.flatMap(({ handler }) => Object.keys(handler.reports ?? {}));
  const specs = contributionsOf(plan.context.installed.packages, 'sensors').map(({ spec }) => spec);
  const own = specs.flatMap(({ ownOrigins }) => ownOrigins);
  const declared = [ownOrigins, ...declaredOrigins(plan.context.installed)].flatMap((each) =>
    Object.keys(each.origins),
  );
  const origins = [...new Set([...declared, ...own, ...reported])];
  const protocols = specs.flatMap((spec) => [...(spec.protocols ?? []), ...spec.ownProtocols]);
  const known = new Set(protocols.map((name) => name.toLowerCase()));
  return requestedEntries(plan).flatMap(({ entry, path }, index) => {
    const loaded = handlers[index];
    const code = loaded && isLocal(entry.name) ? globsOf(loaded) : [];
    return [
      ...unknownGlobs(entry.only ?? [], [...path, 'only'], origins),
      ...unknownGlobs(entry.except ?? [], [...path, 'except'], origins),
      ...unknownGlobs(code, path, origins).map((warning) => ({ ...warning, path })),
      ...(entry.protocols ?? []).flatMap((written, at) => {
        const name = written.replace(/^-/, '').toLowerCase();
        if (known.size === 0 || known.has(name)) return [];
        const message = `no installed sensor has the protocol ${name}${didYouMean(name, protocols)}`;
        return [{ path: [...path, 'protocols', at], message }];
      }),
      ...placeholders(entry.config ?? {}, [...path, 'config']),
    ];
  });
}

/** The files and new folders that the handlers of a plan write, by their real path. */
function isFolder(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false;
}

function writtenFiles(plan: HostPlan) {
  return handlerResources(plan).flatMap(({ instance, target, access, at }) =>
    typeof target === 'string' && access === 'write' && !isFolder(target)
      ? [{ instance, at, path: target, real: realPath(target) }]
      : [],
  );
}

/** The other configurations in the folder of a configuration. */
async function neighbours({ configuration, world }: HostPlan): Promise<readonly HostPlan[]> {
  const { file } = configuration;
  if (file === undefined || !existsSync(file)) return [];
  const names = readdirSync(dirname(file)).filter((name) => /\.ya?ml$/.test(name) && name !== basename(file));
  const plans: HostPlan[] = [];
  for (const name of names.slice(0, 20)) {
    const { env, cwd, prefix, conditions, log } = world;
    const own = { env, cwd, prefix, conditions, log, secrets: createSecrets() };
    const other = await loadConfiguration(join(dirname(file), name), own);
    // A part that this one includes is not another configuration.
    if (!other.isBroken && other.sources.length > 0) plans.push(planHost(other, world));
  }
  return plans;
}

async function sharedWarnings(plan: HostPlan): Promise<readonly ConfigurationWarning[]> {
  const files = writtenFiles(plan);
  const among = files.flatMap(({ instance, at, path, real }, index) => {
    const other = files.slice(0, index).find((one) => one.real === real);
    return other === undefined
      ? []
      : [
          {
            path: at,
            message: `${instance} writes ${path}, which ${other.instance === instance ? `its option ${formatPath(other.at.slice(3))}` : other.instance} writes, too: configure another file`,
          },
        ];
  });
  const others = (await neighbours(plan)).flatMap((other) => {
    const shared = new Set(writtenFiles(other).map(({ real }) => real));
    const name = other.configuration.file ?? '';
    return files
      .filter(({ real }) => shared.has(real))
      .map(({ at, path }) => ({
        path: at,
        message: `${path} is written by ${name}, too: only one program may write it`,
      }));
  });
  return [...among, ...others];
}

/** What is known of a journal: the instances that have a cursor, and how many incidents it holds. */
export interface JournalContents {
  readonly instances: readonly string[];
  readonly incidents: number;
}

/** Handlers that act, are new to a journal with incidents, and start at its beginning. */
function newcomerWarnings(
  plan: HostPlan,
  handlers: readonly HandlerEntry[],
  journal: JournalContents | undefined,
): readonly ConfigurationWarning[] {
  if (journal === undefined || journal.incidents === 0) return [];
  return requestedEntries(plan).flatMap(({ path }, index) => {
    const entry = handlers[index];
    if (entry?.from !== 'beginning' || journal.instances.includes(instanceName(entry))) return [];
    // One that stores, with a checkpoint, has no effect beside its stored data.
    if (isWriting(entry.handler) && entry.handler.checkpoint !== undefined) return [];
    const message = `${instanceName(entry)} is new to the journal and starts at its beginning: it gets ${journal.incidents} old incidents. Set "from: end", or its earlier name with "as:"`;
    return [{ path, message }];
  });
}

function spaceWarnings(loaded: LoadedJournal | undefined): readonly ConfigurationWarning[] {
  const { file, journal } = loaded ?? {};
  const minFree = journal?.minFree;
  const free = file === undefined ? undefined : freeDisk(file);
  if (minFree === undefined || free === undefined || free >= minFree) return [];
  const message = `${dirname(file ?? '')} has ${formatBytes(free)} of free disk space, less than minFree (${formatBytes(minFree)}): the journal will accept no incidents`;
  return [{ path: ['journal'], message }];
}

/** Health and metrics that others can read: they have no authentication. */
function exposedHealth({ configuration }: HostPlan): readonly ConfigurationWarning[] {
  const address = healthAddress(configuration);
  if (address === undefined || addresses.isLoopback(address.host)) return [];
  const message = `health and metrics can be read by everyone who reaches ${endpointText(address)}: names of sensors, sources and handlers, errors and counts`;
  return [{ path: ['health', 'host'], message }];
}

/** What is valid in a configuration and probably not meant. `handlers` are those of the requested entries, in their order. */
export async function configurationWarnings(
  plan: HostPlan,
  handlers: readonly HandlerEntry[],
  loaded: LoadedJournal | undefined,
  contents: JournalContents | undefined,
): Promise<readonly ConfigurationWarning[]> {
  const { sources, journal, sensor } = plan.configuration;
  return [
    ...placeholders({ sensor, journal }, []),
    ...sources.flatMap(({ config }, index) => placeholders(config ?? {}, ['sources', index, 'config'])),
    ...entryWarnings(plan, handlers),
    ...(await sharedWarnings(plan)),
    ...newcomerWarnings(plan, handlers, contents),
    ...spaceWarnings(loaded),
    ...exposedHealth(plan),
  ];
}
