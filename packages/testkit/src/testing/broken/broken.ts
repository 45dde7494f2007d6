import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Handler, HandlerContext, Incident, MaybePromise } from '@ihandler/core';
import type { HandlerFactory } from '../../suite/world.ts';
import { listening } from '../sound.ts';

/** A handler that breaks one rule. */
export interface Broken {
  readonly rule: string;
  readonly how: string;
  readonly factory: HandlerFactory;
  /** Whether the suite may read its rows. */
  readonly isStored?: boolean;
  /** Milliseconds after which the suite considers it stuck. */
  readonly patience?: number;
}

const timers: NodeJS.Timeout[] = [];
const descriptors: number[] = [];
const servers: Server[] = [];

/** Starts a timer that is never stopped. */
export function forgetTimer(): void {
  timers.push(setInterval(() => {}, 60_000));
}

/** Leaves a file open. */
export function forgetFile(descriptor: number): void {
  descriptors.push(descriptor);
}

/** Opens a port that is never closed. */
export async function forgetServer(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
}

/** Closes what broken handlers have left open. */
export function cleanUp(): void {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const server of servers.splice(0)) server.close();
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
}

/** A handler that a type checker would reject. */
export function untyped(handler: object): Handler {
  // Not safe: the suite must notice it.
  return handler as Handler;
}

/** A sound listener with another listener function. */
export function hears(
  on: (incident: Incident, context: HandlerContext) => MaybePromise<unknown>,
): HandlerFactory {
  return () => untyped({ ...listening(''), on: { '*': on } });
}
