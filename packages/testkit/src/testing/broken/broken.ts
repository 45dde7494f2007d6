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
  /** Whether the suite may look at its rows. */
  readonly isStored?: boolean;
  /** How long the suite waits for one that never comes back, in milliseconds. */
  readonly patience?: number;
}

const timers: NodeJS.Timeout[] = [];
const descriptors: number[] = [];
const servers: Server[] = [];

/** Starts a timer that nobody stops. */
export function forgetTimer(): void {
  timers.push(setInterval(() => {}, 60_000));
}

/** Leaves a file open. */
export function forgetFile(descriptor: number): void {
  descriptors.push(descriptor);
}

/** Opens a port that nobody closes. */
export async function forgetServer(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
}

/** Puts away what broken handlers have left behind. */
export function cleanUp(): void {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const server of servers.splice(0)) server.close();
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
}

/** A handler that no type checker would let pass. */
export function untyped(handler: object): Handler {
  // Not safe at all: it is for the suite to notice.
  return handler as Handler;
}

/** A sound listener that handles incidents in another way. */
export function hears(
  on: (incident: Incident, context: HandlerContext) => MaybePromise<unknown>,
): HandlerFactory {
  return () => untyped({ ...listening(''), on: { '*': on } });
}
