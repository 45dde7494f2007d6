import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type HostProcess, hostProcess } from './host-process.ts';

/** A source or an ihandler of a configuration. */
export interface Entry {
  readonly name: string;
  readonly config: object;
}

/** What a host runs. */
export interface RunParts {
  readonly sources: readonly Entry[];
  /** Each begins at the beginning. */
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

/** `ihandler run` of an installed program in a folder of its own, with what it runs. It is not started. */
export function runHost(program: string, folder: string, name: string, parts: RunParts): HostProcess {
  const own = configureHost(folder, name, parts);
  return hostProcess(name, [process.execPath, program, 'run', '-c', 'ihandler.yaml'], own);
}
