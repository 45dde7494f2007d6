import { describeError, IhandlerError, type SensorModule } from '@ihandler/core';
import { describeValue } from '@ihandler/core/kit';
import { type Contribution, contributionsOf } from '../discovery/contributions.ts';
import type { InstalledPackage } from '../discovery/find-packages.ts';
import { importExport } from '../discovery/load-module.ts';
import type { SensorReader } from './configuration-file.ts';

/** Loads what a package knows about a sensor. Throws `HANDLER_INVALID`, naming the package, when it exports no object. */
export async function loadSensor(
  { package: from, name, spec }: Contribution<'sensors'>,
  conditions: readonly string[],
): Promise<SensorModule> {
  const sensor = (await importExport(from, spec.export, conditions))['default'];
  // Safe: an object whose members are all optional; each is only called when it is a function.
  if (typeof sensor === 'object' && sensor !== null) return sensor as SensorModule;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${from.name} ${from.version}: expected a default export with the sensor ${name} in ${spec.export}; found ${describeValue(sensor)}.`,
  );
}

/** The readers of all installed sensors. A package that cannot be loaded is reported with `warn` and left out. */
export async function sensorReaders(
  packages: readonly InstalledPackage[],
  conditions: readonly string[],
  warn: (message: string) => void,
): Promise<readonly SensorReader[]> {
  const readers: SensorReader[] = [];
  for (const contribution of contributionsOf(packages, 'sensors'))
    try {
      const sensor = await loadSensor(contribution, conditions);
      if (typeof sensor.readConfiguration === 'function')
        readers.push((text, file) => sensor.readConfiguration?.(text, file));
    } catch (error) {
      warn(describeError(error));
    }
  return readers;
}
