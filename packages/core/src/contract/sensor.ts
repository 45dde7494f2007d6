import type { MaybePromise } from './handler.ts';
import type { Manifest } from './manifest.ts';

/** A configuration file of a sensor, parsed: one handler, or a list of them, each with `name` and optional `config`. */
interface SensorConfiguration {
  readonly value: unknown;
  /** Why the file could not be parsed, with line and column: `is not TOML:\n  line 3, column 1: …`. */
  readonly broken?: string;
  /** The line of the value at a path (`[0, 'config', 'file']`), or of the nearest value around it. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}

/** A handler or source that is installed beside the package. */
interface InstalledContribution<Kind extends 'handlers' | 'sources'> {
  readonly name: string;
  /** The name of its package. */
  readonly package: string;
  readonly spec: Manifest[Kind][string];
}

/**
 * What a package knows about a kind of sensor, such as a honeypot: the default export of what its manifest lists under
 * `sensors`. The host calls it only to set up, never while incidents are delivered.
 */
export interface SensorModule {
  /**
   * Reads a configuration file that is not in the host's own format. Returns undefined for a file that is not one of the
   * sensor's either; describes a broken one with `broken` instead of throwing.
   */
  readConfiguration?(text: string, file: string): SensorConfiguration | undefined;
  /**
   * Inspects an installation of the sensor in a folder, without changing it, and says how to connect it: lines of text for
   * `ihandler init --NAME FOLDER`. Throws `OPTIONS_INVALID` when there is none in the folder.
   */
  explain?(
    folder: string,
    installed: {
      readonly handlers: readonly InstalledContribution<'handlers'>[];
      readonly sources: readonly InstalledContribution<'sources'>[];
    },
  ): MaybePromise<readonly string[]>;
}
