import { connect, type Socket } from 'node:net';
import { describeError, IhandlerError, type IhandlerErrorCode } from '@ihandler/core';
import { controlAddress } from './control-address.ts';
import { onJsonLine } from './message-lines.ts';

/** The longest line of an answer, in characters. */
const LONGEST_ANSWER = 64 << 20;

/** How to call a method. */
export interface CallOptions {
  /** Gets the progress of a long task, in the method's own form. */
  readonly onProgress?: (progress: unknown) => void;
  /** Cancels the call, also in the process that runs. */
  readonly signal?: AbortSignal;
  /** How long to wait without any data, in milliseconds. @default for ever */
  readonly timeout?: number;
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(socket));
    socket.once('error', (cause: Error & { code?: string }) => {
      // The socket is missing, or a killed process left it: none runs.
      if (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED') resolve(undefined);
      else
        reject(
          new IhandlerError(
            'TARGET_UNREADABLE',
            `Cannot connect to the running ihandler: ${describeError(cause)}. Run this command as its user, or as root.`,
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
  const text = typeof message === 'string' ? message : 'an error without a message';
  // Safe: the other side writes a code only for an IhandlerError.
  return typeof code === 'string' ? new IhandlerError(code as IhandlerErrorCode, text) : new Error(text);
}

/**
 * Calls a method of the process that runs on a data folder; resolves with undefined when none runs. Throws the method's
 * error, an IhandlerError with its code, and `TARGET_UNREADABLE` when this user may not connect, or the process does not answer.
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
        `The ihandler on ${dataDir} has not answered for ${timeout / 1000} s: it is busy, stopped or stuck. Try again, or restart it: accepted incidents are not lost.`,
      );
      socket.destroy();
    });
    socket.on('error', (cause) =>
      unreadable(`The running ihandler ended before it answered: ${describeError(cause)}`, cause),
    );
    socket.on('close', () => {
      signal?.removeEventListener('abort', abort);
      unreadable('The running ihandler ended before it answered.');
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
