import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import { makeDataFolder, sensorName } from '../assembly/data-folder.ts';
import type { HostPlan } from '../assembly/host-plan.ts';
import { loadHandlers, type RequestedEntry } from '../assembly/load-handlers.ts';
import { emptyConfiguration } from '../configuration/configuration.ts';
import type { ForgetOptions, Host } from '../host.ts';
import { declaredOrigins } from '../origins/declared-origins.ts';
import { asOwner } from '../ownership/as-owner.ts';
import { performOperation, waitForStart } from './perform-operation.ts';

/** Forgets networks in handlers that are not in the configuration. They have no part in its journal. */
async function forgetInAdded(
  { configuration, context, dataDir, world }: HostPlan,
  networks: readonly string[],
  requested: readonly RequestedEntry[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const here = { ...context, folder: world.cwd };
  const handlers = await loadHandlers(requested, here, emptyConfiguration(world.cwd, context.installed));
  makeDataFolder(dataDir);
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers,
    origins: declaredOrigins(context.installed),
    sensor: sensorName(dataDir, configuration.sensor, world.env),
    dataDir,
    failFast: true,
    log: world.log,
  });
  try {
    await dispatcher.start();
    await waitForStart(() => dispatcher.status(), world.patience.start, signal);
    const { journal, ...did } = await dispatcher.forget(networks);
    return did;
  } finally {
    await dispatcher.close();
  }
}

/** Forgets networks in the journal, the given instances and the added handlers; see `Host.forget`. */
export async function forgetNetworks(
  plan: HostPlan,
  networks: readonly string[],
  { instances, with: added = [], signal = new AbortController().signal }: ForgetOptions,
): ReturnType<Host['forget']> {
  const requested = added.map((entry) => ({ entry, path: [`--with ${entry.name}`] }));
  const operation = { method: 'forget' as const, params: { networks: [...networks] } };
  // Without a configuration, the handlers that are named are meant, and not those that would run by default.
  const isOnlyAdded = added.length > 0 && plan.configuration.file === undefined;
  const did = isOnlyAdded ? {} : await performOperation(operation, { instances, signal }, plan);
  if (added.length === 0) return did;
  const needs = { added: requested };
  return { ...did, ...(await asOwner(plan, needs, () => forgetInAdded(plan, networks, requested, signal))) };
}
