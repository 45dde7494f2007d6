import type { Store } from './store.ts';

/** Keeps in mind which instances run, so that their cursors count as used. */
export interface Use {
  /** An instance runs. */
  note(instance: string): void;
  /** Writes it down again, once a day. */
  renew(): void;
  /** Writes it down for the last time. */
  close(): void;
}

const DAY = 86_400_000;

/** Writes together with others, or by itself when a day is over. */
export function createUse({ access, cursors, group }: Store, now: () => number): Use {
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
      // Only a note: a disk that takes nothing has been told to whoever wrote what matters.
    }
  }

  return {
    note(instance) {
      if (instances.has(instance)) return;
      instances.add(instance);
      const at = Math.trunc(now());
      // Only a note, as above.
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
