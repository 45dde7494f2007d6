import type { HostStatus } from '../status/host-status.ts';
import { type CallOptions, callControl } from './control-client.ts';

/** How long to wait for an answer. */
export type ControlOptions = Pick<CallOptions, 'signal' | 'timeout'>;

/** Asks the process that runs on a data folder. Each method throws `TARGET_UNREADABLE` when this user may not ask, or the process does not answer. */
export interface ControlClient {
  /** The id of the process; undefined when none runs. */
  pid(options?: ControlOptions): Promise<number | undefined>;
  /** Its status; undefined when none runs. */
  status(options?: ControlOptions): Promise<HostStatus | undefined>;
  /** Makes it reopen its files. Resolves with whether one runs. */
  reopen(options?: ControlOptions): Promise<boolean>;
  /** Stops it. Resolves with whether one ran, as soon as it has begun to stop. */
  stop(options?: ControlOptions): Promise<boolean>;
}

/** Connects to whatever host runs on a data folder, at each call anew: one that is started later is found, too. */
export function connectControl(dataDir: string): ControlClient {
  const call = (method: string, options: ControlOptions = {}) => callControl(dataDir, method, {}, options);
  return {
    async pid(options) {
      const answer = await call('pid', options);
      return typeof answer === 'number' ? answer : undefined;
    },
    // Safe: the process that answers is this library; another version may know more or less of the same.
    status: async (options) => (await call('status', options)) as HostStatus | undefined,
    reopen: async (options) => (await call('reopen', options)) !== undefined,
    stop: async (options) => (await call('stop', options)) !== undefined,
  };
}
