import { closeSync } from 'node:fs';
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
}

const timers: NodeJS.Timeout[] = [];
const descriptors: number[] = [];

/** Starts a timer that nobody stops. */
export function forgetTimer(): void {
  timers.push(setInterval(() => {}, 60_000));
}

/** Leaves a file open. */
export function forgetFile(descriptor: number): void {
  descriptors.push(descriptor);
}

/** Puts away what broken handlers have left behind. */
export function cleanUp(): void {
  for (const timer of timers.splice(0)) clearInterval(timer);
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
