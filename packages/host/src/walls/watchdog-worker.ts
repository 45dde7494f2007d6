import type * as fileSystem from 'node:fs';
import type * as inspectorModule from 'node:inspector';
import type { InFlightLayout, parseInFlight } from './in-flight-file.ts';

/** What the worker gets from the main thread. Times in milliseconds. */
export interface WatchdogData {
  /** The event loop raises its only number again and again. */
  readonly beats: Int32Array;
  /** How often it does. */
  readonly period: number;
  /** How long the event loop may be blocked. */
  readonly blocked: number;
  /** How long it may be blocked before the program prepares to be ended by a signal. */
  readonly signals: number;
  /** The memory of the process that makes V8 or the system end it soon, in bytes. */
  readonly memory: number;
  /** Where to note why the process ends; absent when nothing is counted. */
  readonly note?: string;
  /** The file that says which handler has which position; absent when nothing is recorded. */
  readonly inFlight?: { readonly file: string; readonly layout: InFlightLayout };
  /** The expression for the {@link Watched} of the main thread. */
  readonly watched: string;
}

/** What the main thread does for the worker, which calls it while the main thread is paused. */
export interface Watched {
  /** Whose code runs, as JSON: instance, position, and the stack. */
  look(): string;
  /** Prepares for signals that could not be handled. */
  blocked(): void;
  exit(): void;
}

/**
 * The watchdog. It runs in a worker thread from its text, so that it needs no file and no loader there: it may use nothing
 * but its arguments.
 */
export function watchMainThread(
  inspector: typeof inspectorModule,
  fs: typeof fileSystem,
  data: WatchdogData,
  parse: typeof parseInFlight,
): void {
  const { beats, period, memory, note, watched } = data;
  const EVERY = 200;
  let beat = -1;
  let beatAt = performance.now();
  let tickedAt = beatAt;
  let isPrepared = false;
  let isEnding = false;
  let noted = 0;

  /** Pauses the main thread and evaluates expressions there, as soon as it runs JavaScript. */
  const inMainThread = (
    work: (evaluate: (text: string, then: (value: unknown) => void) => void, leave: () => void) => void,
  ) => {
    const session = new inspector.Session();
    const leave = () => {
      try {
        session.post('Debugger.resume');
        session.disconnect();
      } catch {
        // It has resumed already.
      }
    };
    session.connectToMainThread();
    session.once('Debugger.paused', ({ params }) => {
      const callFrameId = params.callFrames[0]?.callFrameId ?? '';
      work((text, then) => {
        const expression = `${watched}.${text}`;
        session.post(
          'Debugger.evaluateOnCallFrame',
          { callFrameId, expression, returnByValue: true },
          (_error, answer) => then(answer?.result?.value),
        );
      }, leave);
    });
    session.post('Debugger.enable');
    session.post('Debugger.pause');
  };
  const isTurning = () => Atomics.load(beats, 0) !== beat;
  const write = (kind: string, found: { instance: string; position: number; stack: string }) => {
    if (note === undefined || found.instance === '') return;
    const { instance, position, stack } = found;
    try {
      fs.writeFileSync(
        note,
        JSON.stringify({ instance, position, kind, at: Date.now(), ...(stack && { stack }) }),
        {
          mode: 0o640,
        },
      );
    } catch {
      // The disk fails: the process ends all the same.
    }
  };
  const say = (blockedFor: number, found: { instance: string; position: number; stack: string }) => {
    const who = found.instance === '' ? 'code of no handler' : found.instance;
    const where = found.position > 0 ? ` position=${found.position}` : '';
    const line = `error: ${who}: blocked the program for ${Math.round(blockedFor / 1000)} s; ending it${where}\n${found.stack}\n`;
    try {
      fs.writeSync(2, line);
    } catch {
      // Standard error is closed: the note says the same.
    }
  };
  const end = (blockedFor: number) =>
    inMainThread((evaluate, leave) => {
      if (isTurning()) return leave();
      evaluate('look()', (answer) => {
        const found = JSON.parse(String(answer));
        write('blocked', found);
        say(blockedFor, found);
        evaluate('exit()', () => undefined);
      });
    });
  /** The calls of handlers that have begun and not ended, as the main thread has recorded them. */
  const underWay = () => {
    if (data.inFlight === undefined) return [];
    try {
      return parse(fs.readFileSync(data.inFlight.file), data.inFlight.layout)?.inFlight ?? [];
    } catch {
      return [];
    }
  };
  /** Ends a process whose main thread does not even pause: it is in native code, or in an endless chain of microtasks. */
  const kill = (blockedFor: number) => {
    const calls = underWay();
    // The only synchronous call is the one that blocks; otherwise any of those that wait may continue without end.
    const running = calls.filter(({ phase }) => phase === 'running');
    const [first, ...others] = running.length > 0 ? running : calls;
    const stack = '    in native code or an endless chain of microtasks, where no stack can be had';
    const found = { instance: first?.instance ?? '', position: first?.position ?? 0 };
    if (others.length === 0) write('blocked', { ...found, stack: '' });
    const names = [found, ...others].map(({ instance }) => instance);
    say(blockedFor, {
      ...found,
      instance: `${others.length > 0 ? 'one of ' : ''}${names.join(', ')}`,
      stack,
    });
    process.kill(process.pid, 'SIGKILL');
  };
  const watchMemory = () => {
    const used = process.memoryUsage.rss();
    if (used < memory * 0.7 && noted > 0) {
      noted = 0;
      if (note !== undefined && !isEnding) fs.rmSync(note, { force: true });
    } else if (used > memory * 0.8 && used > noted * 1.02) {
      noted = used;
      inMainThread((evaluate, leave) =>
        evaluate('look()', (answer) => {
          if (noted > 0 && !isEnding) write('memory', JSON.parse(String(answer)));
          leave();
        }),
      );
    }
  };

  setInterval(() => {
    const now = performance.now();
    // The whole process was stopped, or the machine slept.
    if (now - tickedAt > EVERY + 1000) beatAt += now - tickedAt - EVERY;
    tickedAt = now;
    if (isTurning()) {
      beat = Atomics.load(beats, 0);
      beatAt = now;
      isPrepared = isEnding = false;
    }
    const blockedFor = now - beatAt - period;
    if (blockedFor > data.signals && !isPrepared) {
      isPrepared = true;
      inMainThread((evaluate, leave) => (isTurning() ? leave() : evaluate('blocked()', leave)));
    }
    if (blockedFor > data.blocked && !isEnding) {
      isEnding = true;
      end(blockedFor);
    }
    if (blockedFor > data.blocked * 10) kill(blockedFor);
    watchMemory();
  }, EVERY);
}
