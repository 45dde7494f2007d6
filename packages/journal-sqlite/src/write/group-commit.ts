/** Collects work for one transaction, which runs at the end of the turn. */
export interface GroupCommit {
  /** Adds work. Resolves with its result when the transaction has committed; rejects when it has not. */
  add<T>(work: () => T): Promise<T>;
  /** Runs the collected work now. Never throws: the promises of `add` reject. */
  flush(): void;
}

/**
 * Puts all work of a turn of the event loop, in order, into one transaction, so that many calls share one fsync. When it
 * fails, none of the work has happened and every promise rejects with the reason.
 */
export function createGroupCommit(transaction: (work: () => void) => void): GroupCommit {
  interface Member {
    readonly work: () => void;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }
  let members: Member[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  function flush(): void {
    clearImmediate(scheduled);
    scheduled = undefined;
    const group = members;
    members = [];
    if (group.length === 0) return;
    try {
      transaction(() => {
        for (const { work } of group) work();
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
      return;
    }
    for (const { resolve } of group) resolve();
  }

  return {
    add<T>(work: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let result: T;
        members.push({
          work: () => {
            result = work();
          },
          resolve: () => resolve(result),
          reject,
        });
        scheduled ??= setImmediate(flush);
      });
    },
    flush,
  };
}
