import type { ConfiguredInstance, HandlerEntry, JournalView, LaneStatus, Source } from '@ihandler/core';
import type { LoadedJournal } from './assembly/load-journal.ts';
import type { Configuration, Entry } from './configuration/configuration.ts';
import type { OperationAnswers } from './control/operations.ts';
import type { CheckReport } from './diagnosis/check-host.ts';
import type { Leftover } from './leftovers/files-naming.ts';
import type { ImportOptions } from './running/import-files.ts';
import type { ImportResult } from './running/import-result.ts';
import type { RunEvents, RunResult } from './running/run-host.ts';
import type { StatusReport } from './status/stored-status.ts';
import type { TrialOptions } from './trial/run-trial.ts';

/** What to replay. */
export interface ReplayRequest {
  readonly instance: string;
  /** Names the replay: an interrupted one resumes under the same name. */
  readonly name: string;
  /** Only incidents accepted at or after this time, in milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  /** Only origins that one of these globs matches. @default all */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal;
  /** Gets the number of entries done, of `total`. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What a handler has sent off this machine. */
export interface SentData {
  readonly instance: string;
  /** What its package says that it sends; undefined when it does not say. */
  readonly sends: string | undefined;
  readonly destinations: readonly string[];
}

/** Where to forget. */
export interface ForgetOptions {
  /** Instances of the configuration. */
  readonly instances: readonly string[];
  /** Handlers that are not in the configuration, with their databases. Without a configuration, only these forget. */
  readonly with?: readonly Entry[];
  readonly signal?: AbortSignal;
}

/**
 * The handlers, sources and journal of a configuration, as one program runs them. Creating a host opens nothing; methods
 * throw `OPTIONS_INVALID` with all problems of the configuration. Methods that change something do it in the process that
 * runs on the data folder, else in this one.
 */
export interface Host {
  readonly configuration: Configuration;
  /** The data folder. Absolute; it may not exist yet. */
  readonly dataDir: string;
  /** Runs the live sources and handlers until the signal aborts. Throws `JOURNAL_BUSY` when another process does. */
  run(signal: AbortSignal, events?: RunEvents): Promise<RunResult>;
  /**
   * Imports files (`-` for standard input) once into the handlers: an import that is repeated only adds new incidents.
   * Throws when no handler is named or a handler does not start, before anything is read; other failures are in the result.
   */
  import(files: readonly string[], options?: ImportOptions): Promise<ImportResult>;
  /** Does work of a command. What root creates meanwhile in a folder of another user gets the owner of that folder. */
  keepOwners<T>(work: () => T): Promise<Awaited<T>>;
  /** The status of the process that runs on the data folder, else what the journal says. */
  status(options?: { readonly signal?: AbortSignal }): Promise<StatusReport>;
  /** Checks the configuration, and whether this user can open its files, folders and ports. Changes nothing. */
  check(): Promise<CheckReport>;
  /** Loads and creates the handlers of the configuration, without starting them. */
  loadHandlers(): Promise<readonly HandlerEntry[]>;
  /** Loads and creates one handler that is not in the configuration. */
  loadHandler(entry: Entry): Promise<HandlerEntry>;
  /** The sources that read these files; empty files have none. */
  loadFileSources(
    files: readonly string[],
    options: { readonly from?: string | undefined; readonly sensor: string },
  ): Promise<readonly Source[]>;
  /** Delivers the incidents of these sources to a handler, in a temporary data folder, and shows each step. */
  tryHandler(
    entry: HandlerEntry,
    sources: readonly Source[],
    options: TrialOptions,
  ): Promise<LaneStatus | undefined>;
  /** The instances of a handler, by its name in the manifest, with their options. */
  instancesOf(handler: string): readonly ConfiguredInstance[];
  /** What the configured handlers have sent off this machine; handlers that send nothing are left out. */
  sentData(): readonly SentData[];
  /** The journal, loaded and not opened. With `durable`, throws unless other processes can open it and it exists. */
  loadJournal(options?: { readonly durable?: boolean }): Promise<LoadedJournal>;
  /** Opens the journal for reading, whether a process runs or not. Close the view afterwards. */
  openJournalView(): Promise<JournalView>;
  /** Retries the dead letters of an instance at these positions. @default all */
  retryDeadLetters(
    instance: string,
    positions: readonly number[] | undefined,
    signal?: AbortSignal,
  ): Promise<OperationAnswers['retryDeadLetters']>;
  /** Drops the dead letters of an instance at these positions. Resolves with their number. @default all */
  dropDeadLetters(
    instance: string,
    positions: readonly number[] | undefined,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Delivers incidents from the journal to an instance again. */
  replay(request: ReplayRequest): Promise<OperationAnswers['replay']>;
  /**
   * Starts a handler that was paused because it had ended the process too often: at once in the process that runs on the
   * data folder, else at its next start. Resolves with whether it was paused.
   */
  resume(instance: string): Promise<boolean>;
  /**
   * Removes what the journal and the given instances store about these addresses and networks. Resolves with what each
   * instance did, for people. A journal that does not exist is left out: databases that only imports have filled need none.
   */
  forget(networks: readonly string[], options: ForgetOptions): Promise<Readonly<Record<string, string>>>;
  /**
   * The files that still name these addresses and networks, by a search through the bytes of the data folder, of the journal and
   * of the files that options of handlers name, `added` ones included.
   */
  filesNaming(networks: readonly string[], added?: readonly Entry[]): Promise<readonly Leftover[]>;
}
