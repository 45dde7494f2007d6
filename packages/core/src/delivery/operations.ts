import { IhandlerError } from '../contract/error.ts';
import type { Dispatcher } from './dispatcher-options.ts';
import type { DispatcherParts } from './dispatcher-parts.ts';
import { forget } from './forget.ts';
import type { Lane } from './lane/lane.ts';
import type { DeadLetters } from './lane/redeliver-dead-letters.ts';

/** What an operator asks a dispatcher to do. */
export type Operations = Pick<
  Dispatcher,
  'retryDeadLetters' | 'dropDeadLetters' | 'replay' | 'forget' | 'reopen' | 'resume'
>;

/** Creates the operations of a dispatcher. */
export function createOperations(parts: DispatcherParts): Operations {
  const { lanes, mustBeOpen } = parts;

  function laneOf(instance: string): Lane {
    const lane = lanes.find((candidate) => candidate.instance === instance);
    if (lane === undefined) throw new IhandlerError('HANDLER_INVALID', `Unknown instance: ${instance}.`);
    return lane;
  }

  function mustRun(instance: string): void {
    if (lanes.some((lane) => lane.instance === instance && lane.isPaused()))
      throw new IhandlerError('LIFE_CYCLE', `${instance} is paused: resume it first.`);
  }

  /** Those of an instance, or of `<instance>@<replay>`. */
  function deadLettersOf(name: string): DeadLetters {
    mustBeOpen();
    const [instance = '', replay] = name.split('@');
    return laneOf(instance).deadLetters(replay);
  }

  return {
    retryDeadLetters: async (name, positions) => {
      mustRun(name.split('@')[0] ?? '');
      return deadLettersOf(name).retry(positions);
    },
    async dropDeadLetters(instance, positions) {
      const wanted = positions && new Set(positions);
      return deadLettersOf(instance).drop(({ position }) => wanted?.has(position) !== false);
    },
    async replay(options) {
      mustBeOpen();
      mustRun(options.instance);
      return laneOf(options.instance).replayer.replay(options);
    },
    async forget(networks) {
      mustBeOpen();
      return forget(networks, parts);
    },
    async resume(instance) {
      mustBeOpen();
      laneOf(instance).resume();
    },
    async reopen() {
      await Promise.all(lanes.map((lane) => lane.handler.reopen()));
    },
  };
}
