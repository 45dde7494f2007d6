import type { SensorModule } from '@ihandler/core';
import { explainInstallation } from './advice.ts';
import { readConfiguration } from './read-configuration.ts';
import { readInstallation } from './read-installation.ts';

/** What this package knows about setting up a dionaea: its configuration files, and how to connect it. */
const sensor: SensorModule = {
  readConfiguration,
  explain: (folder, { handlers, sources }) =>
    explainInstallation(readInstallation(folder), handlers, sources),
};

export default sensor;
