import { closeSync, constants, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { World } from '../world.ts';

/** How long a terminal may take to close after the signal that announces it, in milliseconds. */
const CLOSES_WITHIN = 250;

/** Whether this process has a controlling terminal. One started with setsid has none; one whose terminal has closed lost it. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}

/**
 * Tells the two meanings of SIGHUP apart: the terminal that the program was started from has closed, or files are to be
 * reopened. `onClosed` is called for the first; the result registers callbacks for the second. A program that uses no terminal,
 * as with nohup, or has none of its own, as with setsid, does not end with it. Call it once, at the start.
 */
export function listenForHangups(onClosed: () => void): Required<Pick<World, 'onReopen'>> {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const isFromTerminal = terminals.length > 0 && hasTerminal();
  const isClosed = (): boolean => isFromTerminal && !hasTerminal();

  // At its exit, Node restores the settings of its terminals, and aborts when one of them has closed.
  process.on('exit', () => {
    for (const descriptor of terminals)
      if (!isatty(descriptor)) {
        closeSync(descriptor);
        openSync('/dev/null', 'r+');
      }
  });
  if (isFromTerminal)
    for (const stream of [process.stdout, process.stderr])
      stream.on('error', () => {
        if (isClosed()) onClosed();
      });
  return {
    onReopen(callback, until) {
      function onHangup(): void {
        if (isClosed()) onClosed();
        else {
          callback();
          setTimeout(() => {
            if (isClosed()) onClosed();
          }, CLOSES_WITHIN).unref();
        }
      }
      process.on('SIGHUP', onHangup);
      until.addEventListener('abort', () => process.off('SIGHUP', onHangup), { once: true });
    },
  };
}
