import { styleText } from 'node:util';
import type { Terminal } from '@ihandler/core';
import type { Secrets } from '@ihandler/host';
import type { Output, ProgramWorld } from '../program-world.ts';

/** The pause between two redraws of the progress line, in milliseconds. */
const REDRAW = 80;

/** Whether to use colour: the flag, else FORCE_COLOR, else NO_COLOR (https://no-color.org), else whether it is a terminal. */
export function wantsColor(env: ProgramWorld['env'], stdout: Output, flag: boolean | undefined): boolean {
  if (flag !== undefined) return flag;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  if (env['NO_COLOR']) return false;
  return stdout.isTTY === true && env['TERM'] !== 'dumb';
}

function write(stream: Output, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Whether an error means that the reader of standard output has closed it. */
export function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE' && 'closedOutput' in error;
}

/** The part of a line that fits the width of a terminal. */
export function cutTo(text: string, columns = 80): string {
  return [...text].slice(0, columns - 1).join('');
}

/** Creates a terminal over two streams. Progress goes to standard error, and only when that is a terminal. */
export function createTerminal(world: ProgramWorld, color: boolean): Terminal {
  const { stdout, stderr } = world;
  let shown = '';
  let drawnAt = 0;
  // Each write reports its error to its callback; without a listener, the error would also end the process.
  stdout.on('error', () => undefined);
  stderr.on('error', () => undefined);
  const clear = () => {
    if (shown !== '') stderr.write('\r\x1b[K');
  };
  const draw = () => {
    if (shown !== '') stderr.write(`\r${shown}\x1b[K`);
  };
  return {
    color,
    columns: stdout.isTTY === true ? (stdout.columns ?? 80) : undefined,
    async write(text) {
      if (stdout.isTTY === true) clear();
      try {
        await write(stdout, text);
      } catch (error) {
        throw error instanceof Error ? Object.assign(error, { closedOutput: true }) : error;
      }
      if (stdout.isTTY === true) draw();
    },
    warn(text) {
      clear();
      stderr.write(`${text}\n`);
      draw();
    },
    progress(text) {
      if (stderr.isTTY !== true) return;
      if (text === undefined) {
        clear();
        shown = '';
        drawnAt = 0;
        return;
      }
      const now = performance.now();
      if (shown !== '' && now - drawnAt < REDRAW) return;
      drawnAt = now;
      shown = cutTo(text, stderr.columns);
      draw();
    },
  };
}

/** A terminal that hides secrets. */
export function hidingSecrets(terminal: Terminal, { hide }: Pick<Secrets, 'hide'>): Terminal {
  return {
    ...terminal,
    write: (text) => terminal.write(hide(text)),
    warn: (text) => terminal.warn(hide(text)),
    progress: (text) => terminal.progress(text === undefined ? undefined : hide(text)),
  };
}

/** Text in a style, where colour may be used. The terminal has decided already, so the stream is not asked again. */
export function style(format: 'bold' | 'dim', text: string, { color }: Pick<Terminal, 'color'>): string {
  return color ? styleText(format, text, { validateStream: false }) : text;
}
