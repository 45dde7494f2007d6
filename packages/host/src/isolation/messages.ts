import type { MessagePort } from 'node:worker_threads';
import type { LogLevel, OriginDescription } from '@ihandler/core';
import type { StateText } from './thread-state.ts';

/** What a worker thread runs, as data. */
export interface HandlerProgram {
  /** The module whose default export is the factory of the handler. Absolute. */
  readonly file: string;
  /** Names the package, or the file, in messages. */
  readonly owner: string;
  /** The options, with absolute paths. */
  readonly options: unknown;
  /** Whether it is a local file, which need not declare its contract. */
  readonly isOwn: boolean;
}

/** The data that a worker thread is created with. */
export interface ThreadData {
  readonly program: HandlerProgram;
  /** See {@link SharedState}. */
  readonly shared: SharedArrayBuffer;
  /** Brings the answers to questions, which the thread waits for. */
  readonly answers: MessagePort;
}

/** The integers that both sides share. */
export const SharedState = {
  /** Rises while the event loop of the thread turns. */
  BEAT: 0,
  /** Messages of the thread that the host has not read yet: a flood is dropped in the thread. */
  UNREAD: 1,
  /** 1 when the answer to a question is there. */
  ANSWERED: 2,
  /** What the thread holds outside of its heap, such as buffers, in MiB. */
  EXTERNAL: 3,
  LENGTH: 4,
} as const;

/** How a handler in a thread looks from outside. */
export interface HandlerDescription {
  readonly name: string;
  /** The globs; `writes` says whether they are those of `accepts` or of `on`. */
  readonly globs: readonly string[];
  readonly writes: boolean;
  readonly hasCheckpoint: boolean;
  readonly hasForget: boolean;
  readonly hasReopen: boolean;
  readonly hasCounters: boolean;
  /** The origins that it reports, each with the JSON Schema of its data; null when JSON Schema cannot express it. */
  readonly reports: Readonly<Record<string, object | null>>;
}

/** The parts of a context that are data. */
export interface ContextData {
  readonly instance: string;
  readonly sensor: string;
  readonly dataDir: string;
  readonly durable: boolean;
  /** See {@link HandlerContext.state}. */
  readonly state: StateText;
  /** The declared origins, see {@link Origins.all}. */
  readonly origins: Readonly<Record<string, OriginDescription>>;
  /** Whether the host replaces the clock: then each reading asks it. */
  readonly asksTime: boolean;
  /** Whether the host replaces `fetch`: then it makes the requests. */
  readonly asksFetch: boolean;
}

/** An incident for listeners, with the indexes of their globs. */
export interface EncodedDelivery {
  readonly text: string;
  readonly globs: readonly number[];
}

/** How far the listeners of a batch came. */
export interface Handled {
  /** How many from the front are handled. */
  readonly done: number;
  /** Why the next one failed, if it did. */
  readonly failure?: { readonly error: unknown };
  /** The state after those handled, if they have set it. */
  readonly state?: StateText | undefined;
}

/** The methods that the host calls in a thread, with their arguments. */
export interface ThreadCalls {
  describe: [];
  start: [context: ContextData];
  /** `state` is what the host has, when that is not what the thread has told it. */
  listen: [deliveries: readonly EncodedDelivery[], state: StateText | undefined];
  /** Returns the state, if the write has set it. */
  write: [
    batch: readonly string[],
    checkpoint: Readonly<Record<string, number>>,
    state: StateText | undefined,
  ];
  checkpoint: [];
  reopen: [];
  forget: [];
  close: [];
}

/** The name of a {@link ThreadCalls}. */
export type ThreadMethod = keyof ThreadCalls;

/** A request in the form that crosses threads. */
export interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

/** A response in the form that crosses threads. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** A report of a handler, and what its schema says about it. */
export interface ReportRequest {
  /** The call in which it was made; undefined for the context of `start`. */
  readonly call: number | undefined;
  readonly origin: string;
  readonly data: unknown;
  readonly options: unknown;
  /** The issues of the data; none when it fits, undefined when the handler does not declare the origin. */
  readonly issues: readonly string[] | undefined;
}

/** From the host to a thread. */
export type ToThread =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: ThreadMethod;
      readonly args: readonly unknown[];
    }
  | { readonly type: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: unknown }
  | { readonly type: 'abort' };

/** From a thread to the host. */
export type FromThread =
  | { readonly type: 'result'; readonly id: number; readonly value?: unknown; readonly error?: unknown }
  | { readonly type: 'request'; readonly id: number; readonly kind: 'report'; readonly value: ReportRequest }
  | { readonly type: 'request'; readonly id: number; readonly kind: 'fetch'; readonly value: FetchRequest }
  | { readonly type: 'question'; readonly kind: 'now' }
  | { readonly type: 'question'; readonly kind: 'isForgotten'; readonly host: string }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly type: 'counters'; readonly counters: Readonly<Record<string, number>> };
