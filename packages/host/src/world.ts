import type { Log } from '@ihandler/core';
import { createSecrets, type Secrets } from './configuration/secrets.ts';
import { createHostLog } from './running/host-log.ts';

/** How long a handler may make no progress before the host stops waiting for it, in milliseconds. */
export interface Patience {
  /** For a start that fails with a temporary error, such as a locked database. @default 30000 */
  readonly start?: number;
  /** For a lane with pending incidents that makes no progress. @default 60000 */
  readonly stall?: number;
}

/** What a host uses of its surroundings. Each has a default, so that a program may embed a host without any. */
export interface World {
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start that do not stand in a configuration. Absolute. @default process.cwd() */
  readonly cwd?: string;
  /**
   * The folder of the program: packages are looked for in the `node_modules` around it, and in those around `cwd` only where
   * the program is installed. @default `cwd`; without one, the folder of this library
   */
  readonly prefix?: string;
  /** The program of the threads of isolated handlers, for a program that bundles the host. @default the one of this package */
  readonly worker?: URL;
  /** Conditions for the `exports` of packages, beside `node`, `import` and `default`. @default none */
  readonly conditions?: readonly string[];
  /** A log for an instance or a source, by name; without a name, the host's own. @default lines on standard error */
  readonly log?: (name?: string) => Log;
  /** Collects the secrets of configurations, so that neither log nor status shows one. @default a collection of its own */
  readonly secrets?: Secrets;
  /** Calls back at each request to reopen log files (SIGHUP), until `until` aborts. @default never */
  onReopen?(callback: () => void, until: AbortSignal): void;
  /** Ends the process at once when the journal has failed. @default `run` returns with `journalFailed` */
  exit?(): void;
  /**
   * Calls back with each exception and rejected promise that nothing has caught, until `until` aborts. The callback returns
   * whether a handler or source is to blame, which the host then handles; otherwise the process should end.
   * @default such an error ends the process, as Node does it
   */
  onUncaught?(callback: (error: unknown) => boolean, until: AbortSignal): void;
  /** Called when the event loop has been blocked for a second, while it is blocked, and when it turns again. */
  onBlocked?(isBlocked: boolean): void;
  /** The exit code when a handler has blocked the event loop for too long. @default 5 */
  readonly blockedExitCode?: number;
  readonly patience?: Patience;
  /**
   * Whether a process of root that changes something acts as the owner of the data folder meanwhile: the whole process, by
   * its effective user. Otherwise the owner gets the new files afterwards. @default false
   */
  readonly actsAsOwner?: boolean;
}

/** A {@link World} with its defaults. */
export interface CompleteWorld
  extends Required<Omit<World, 'onReopen' | 'exit' | 'onUncaught' | 'onBlocked'>> {
  readonly onUncaught: World['onUncaught'];
  readonly onBlocked: World['onBlocked'];
  readonly onReopen: World['onReopen'];
  readonly exit: World['exit'];
  readonly patience: Required<Patience>;
}

/** The program of a worker thread: beside this package in its build, and in its sources. */
const ownWorker = new URL(
  import.meta.url.endsWith('.ts') ? './isolation/worker.ts' : './isolation/worker.js',
  import.meta.url,
);

/** Fills in the defaults. */
export function completeWorld(world: World = {}): CompleteWorld {
  const secrets = world.secrets ?? createSecrets();
  const cwd = world.cwd ?? process.cwd();
  const toStandardError = (line: string) => void process.stderr.write(`${line}\n`);
  return {
    env: world.env ?? process.env,
    cwd,
    prefix: world.prefix ?? world.cwd ?? import.meta.dirname,
    conditions: world.conditions ?? [],
    worker: world.worker ?? ownWorker,
    log: world.log ?? createHostLog({ warn: toStandardError }, secrets).log,
    secrets,
    onReopen: world.onReopen,
    exit: world.exit,
    onUncaught: world.onUncaught,
    onBlocked: world.onBlocked,
    blockedExitCode: world.blockedExitCode ?? 5,
    patience: { start: world.patience?.start ?? 30_000, stall: world.patience?.stall ?? 60_000 },
    actsAsOwner: world.actsAsOwner ?? false,
  };
}
