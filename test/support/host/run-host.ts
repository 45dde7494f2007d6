import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type HostProcess, hostProcess } from './host-process.ts';

/** A source or a handler in a configuration. */
export interface Entry {
  readonly name: string;
  /** Whether the sensor's address is masked for a handler. @default true if it uses the network */
  readonly mask?: boolean;
  readonly config: object;
}

/** The sources and handlers of a host. */
export interface RunParts {
  readonly sources: readonly Entry[];
  /** The handlers; each starts at the beginning of the journal. */
  readonly ihandlers: readonly Entry[];
  readonly journal?: Entry;
}

/** Writes the configuration of a host, `<folder>/<name>/ihandler.yaml`. Its data is in `<folder>/<name>/data`. */
export function configureHost(
  folder: string,
  name: string,
  { sources, ihandlers, journal }: RunParts,
): string {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  const yaml = stringify({
    sensor: name,
    data: 'data',
    health: 'off',
    ...(journal && { journal }),
    sources,
    ihandlers: ihandlers.map((entry) => ({ ...entry, from: 'beginning' })),
    log: { levels: 'all,-debug,-info' },
  });
  writeFileSync(join(own, 'ihandler.yaml'), yaml);
  return own;
}

/** `ihandler run` of an installed program in its own folder, not started yet. */
export function runHost(program: string, folder: string, name: string, parts: RunParts): HostProcess {
  const own = configureHost(folder, name, parts);
  return hostProcess(name, [process.execPath, program, 'run', '-c', 'ihandler.yaml'], own);
}
