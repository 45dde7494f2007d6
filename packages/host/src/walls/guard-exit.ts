/** The functions that end this process; `reallyExit` is what some packages call to avoid listeners of `exit`. */
const ENDING = ['exit', 'reallyExit', 'abort', 'kill'] as const;

type Ending = (...given: unknown[]) => unknown;

/** Whether `process.kill` with these arguments signals this process. Signal 0 only asks whether a process exists. */
function isSelf([pid, signal]: readonly unknown[]): boolean {
  return signal !== 0 && (pid === process.pid || pid === 0 || pid === -process.pid);
}

/**
 * Makes the functions that end the process throw for whom `running` names: the instance whose code runs. Returns a function
 * that restores them.
 */
export function guardExit(running: () => string | undefined): () => void {
  const originals = ENDING.map((name) => {
    const original: unknown = Reflect.get(process, name);
    // Safe: these are functions of Node.
    const end = original as Ending;
    const guarded: Ending = (...given) => {
      const instance = name === 'kill' && !isSelf(given) ? undefined : running();
      if (instance === undefined) return Reflect.apply(end, process, given);
      throw new Error(
        `${instance} called process.${name}(${given.map(String).join(', ')}), which would end the delivery to all handlers: throw an error instead`,
      );
    };
    Reflect.set(process, name, guarded);
    return { name, original, guarded };
  });
  return () => {
    for (const { name, original, guarded } of originals)
      if (Reflect.get(process, name) === guarded) Reflect.set(process, name, original);
  };
}
