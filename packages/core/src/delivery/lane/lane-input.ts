import type { Incident } from '../../contract/incident.ts';
import { reporterOf } from '../../contract/incident-id.ts';
import type { JournalRun } from '../../contract/journal.ts';
import type { Reached, Router } from '../../routing/router.ts';
import { createLaneQueue, type LaneQueue } from './lane-queue.ts';

/** What comes to a lane: given to it while it is live, else read from the journal. */
export interface LaneInput {
  readonly queue: LaneQueue;
  /** Whether it takes offers. */
  isLive(): boolean;
  /** It has read all there is: from here on it takes offers. */
  caughtUp(): void;
  /** From here on it reads the journal, after what was taken. */
  fallBehind(): void;
  /** From here on it reads the journal, after a position. */
  readFrom(position: number): void;
  offer(incident: Incident, position: number, reached: Reached): void;
  offerRun(before: number, incidents: readonly Incident[], reached: Reached): void;
  /** Queues what of a run is for the lane. */
  route(run: JournalRun): void;
  /** What an incident reaches in the lane; undefined when it is not for it. */
  reach(incident: Incident): Reached | undefined;
}

/** Whose intake it is. */
export interface IntakeOptions {
  /** The lane's place among all. */
  readonly index: number;
  readonly instance: string;
  readonly router: Router;
}

/** Makes the intake of a lane. */
export function createLaneInput({ index, instance, router }: IntakeOptions): LaneInput {
  const queue = createLaneQueue(0);
  let live = false;

  function admits(incident: Incident, reached: Reached): boolean {
    if (reached.maybeOwn && reporterOf(incident.id) === instance) return false;
    return reached.admits?.(incident) !== false;
  }

  function reachedBy(incident: Incident): Reached | undefined {
    return router.route(incident.origin, incident.misfit !== undefined).lanes[index];
  }

  function offer(incident: Incident, position: number, reached: Reached): void {
    if (position > queue.routed && admits(incident, reached)) queue.push(incident, position, reached);
  }

  function readFrom(position: number): void {
    live = false;
    queue.reset(position);
  }

  return {
    queue,
    isLive: () => live,
    caughtUp() {
      live = true;
    },
    fallBehind: () => readFrom(queue.taken()),
    readFrom,
    offer,
    /** A journal may show what was appended before it says so: what a lane has read by then it is not given again. */
    offerRun(before, incidents, reached) {
      if (before === queue.routed) queue.pushRun(before, incidents, reached);
      else for (const [at, incident] of incidents.entries()) offer(incident, before + 1 + at, reached);
    },
    route({ before, incidents }) {
      let position = before;
      for (const incident of incidents) {
        position += 1;
        const reached = reachedBy(incident);
        if (reached !== undefined) offer(incident, position, reached);
      }
      queue.routed = position;
    },
    reach(incident) {
      const reached = reachedBy(incident);
      return reached !== undefined && admits(incident, reached) ? reached : undefined;
    },
  };
}
