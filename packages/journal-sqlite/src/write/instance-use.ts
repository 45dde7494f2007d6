import { DAY } from '@ihandler/core/kit';
import type { Store } from './store.ts';

/** Records which instances run, so that their cursors count as used. */
export interface InstanceUse {
  /** Records that an instance runs. */
  note(instance: string): void;
  /** Records all running instances again, once a day. */
  renew(): void;
  /** Records all running instances for the last time. */
  close(): void;
}

/** Creates the record. Writes with the next transaction, and once a day on its own. */
export function createInstanceUse({ access, cursors, group }: Store, now: () => number): InstanceUse {
  const instances = new Set<string>();
  let writtenAt = now();

  function write(): void {
    writtenAt = now();
    const at = Math.trunc(writtenAt);
    try {
      access.write(() => {
        for (const instance of instances) cursors.use(instance, at);
      });
    } catch {
      // The next write of incidents reports a failing disk.
    }
  }

  return {
    note(instance) {
      if (instances.has(instance)) return;
      instances.add(instance);
      const at = Math.trunc(now());
      // As above.
      group.add(() => cursors.use(instance, at)).catch(() => undefined);
    },
    renew() {
      if (instances.size > 0 && now() - writtenAt >= DAY) write();
    },
    close() {
      if (instances.size > 0) write();
    },
  };
}
