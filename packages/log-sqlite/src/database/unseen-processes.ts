import { readdirSync, readlinkSync } from 'node:fs';

/** The PID namespace of a machine itself, PROC_PID_INIT_INO of the Linux kernel; a container has another one. */
const namespaceOfMachine = 'pid:[4026531836]';

/** The processes that this one cannot see, and where all are seen. */
export interface UnseenProcesses {
  readonly who: string;
  readonly where: string;
}

/**
 * Which processes of this machine cannot be seen at all: those outside of this container, and those that a `/proc` with
 * `hidepid` hides. Undefined when all are seen, or on a system without `/proc`.
 */
export function unseenProcesses(): UnseenProcesses | undefined {
  let pids: readonly string[];
  let namespace: string;
  try {
    pids = readdirSync('/proc');
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined; // not Linux: `otherWriters` says so
  }
  if (namespace !== namespaceOfMachine)
    return {
      who: 'a process outside of this container (PID namespace)',
      where: 'as root on the machine itself, with the path that the file has there',
    };
  // Process 1 always runs.
  return pids.includes('1')
    ? undefined
    : { who: 'a process of another user, which /proc hides (hidepid)', where: 'as root' };
}
