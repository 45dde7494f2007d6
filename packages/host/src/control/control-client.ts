import { connect, type Socket } from 'node:net';
import { describeError, IhandlerError, type IhandlerErrorCode } from '@ihandler/core';
import { controlAddress } from './control-address.ts';
import { onJsonLine } from './json-lines.ts';

/** The longest line of an answer, in characters. */
const LONGEST_ANSWER = 64 << 20;

/** How to ask. */
export interface CallOptions {
  /** Told how far a long task is, in the method's own form. */
  readonly onProgress?: (progress: unknown) => void;
  /** Ends the question; a method that takes long is told. */
  readonly signal?: AbortSignal;
  /** How long to wait without any word, in milliseconds. @default for ever */
  readonly timeout?: number;
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause: Error & { code?: string }) => {
      // No file, or the file of a process that was killed: none runs.
      if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') resolve(undefined);
      else
        reject(
          new IhandlerError(
            'TARGET_UNREADABLE',
            `The ihandler that runs cannot be asked: ${describeError(cause)}. Run this command as its user, or as root.`,
            { cause },
          ),
        );
    });
  });
}

function errorIn(error: unknown): Error {
  const { code, message } = {
    code: undefined,
    message: undefined,
    ...(typeof error === 'object' ? error : {}),
  };
  const text = typeof message === 'string' ? message : 'something that was not said';
  // Safe: the other side writes a code only from an IhandlerError of its own.
  return typeof code === 'string' ? new IhandlerError(code as IhandlerErrorCode, text) : new Error(text);
}

/**
 * Asks the process that runs on a data folder to do something; undefined when none runs. What the method throws is thrown
 * here, an IhandlerError with its code. Throws `TARGET_UNREADABLE` when this user may not ask, or there is no answer.
 */
export async function callControl(
  dataDir: string,
  method: string,
  params: object,
  { onProgress, signal, timeout = 0 }: CallOptions = {},
): Promise<unknown> {
  signal?.throwIfAborted();
  const path = controlAddress(dataDir);
  const socket = path === undefined ? undefined : await connected(path);
  if (socket === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const unreadable = (message: string, cause?: Error) =>
      reject(new IhandlerError('TARGET_UNREADABLE', message, cause && { cause }));
    const abort = () => {
      reject(signal?.reason);
      socket.destroy();
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    socket.setTimeout(timeout, () => {
      unreadable(
        `The ihandler that runs on ${dataDir} has said nothing for ${timeout / 1000} s: it is busy, stopped or hangs. Try again, or restart it: nothing that was accepted is lost.`,
      );
      socket.destroy();
    });
    socket.on('error', (cause) =>
      unreadable(`The ihandler that runs ended before it answered: ${describeError(cause)}`, cause),
    );
    socket.on('close', () => {
      signal?.removeEventListener('abort', abort);
      unreadable('The ihandler that runs ended before it answered.');
    });
    onJsonLine(socket, LONGEST_ANSWER, (answer) => {
      if (typeof answer !== 'object' || answer === null) socket.destroy();
      else if ('progress' in answer) onProgress?.(answer.progress);
      else if ('error' in answer) reject(errorIn(answer.error));
      else if ('result' in answer) resolve(answer.result);
    });
    socket.write(`${JSON.stringify({ method, params })}\n`);
  });
}
