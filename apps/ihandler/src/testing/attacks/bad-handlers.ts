/** A handler that does something bad with the number 13, and its code. */
export interface BadHandler {
  readonly title: string;
  /** The body of `on` for `test.*`, an arrow function of the incident and the context. */
  readonly listener: string;
}

/** Handlers whose errors escape; the program must survive each of them. */
export const escaping: readonly BadHandler[] = [
  {
    title: 'a promise that nothing awaits',
    listener: '({ data }) => { if (data.n === 13) Promise.reject(new Error("boom")); }',
  },
  {
    title: 'an async function that nothing awaits',
    listener:
      '({ data }) => { if (data.n === 13) (async () => { await null; throw new Error("boom"); })(); }',
  },
  {
    title: 'an exception in a timer',
    listener: '({ data }) => { if (data.n === 13) setTimeout(() => { throw new Error("boom"); }, 5); }',
  },
  {
    title: 'an exception in a microtask',
    listener: '({ data }) => { if (data.n === 13) queueMicrotask(() => { throw new Error("boom"); }); }',
  },
  {
    title: 'a stream without a listener for errors',
    listener: '({ data }) => { if (data.n === 13) createReadStream("/nonexistent/boom"); }',
  },
  {
    title: 'a socket without a listener for errors',
    listener: '({ data }) => { if (data.n === 13) connect(1, "127.0.0.1"); }',
  },
  { title: 'process.exit', listener: '({ data }) => { if (data.n === 13) process.exit(0); }' },
  {
    title: 'process.exit in a timer',
    listener: '({ data }) => { if (data.n === 13) setTimeout(() => process.exit(0), 1); }',
  },
  { title: 'process.abort', listener: '({ data }) => { if (data.n === 13) process.abort(); }' },
  { title: 'process.reallyExit', listener: '({ data }) => { if (data.n === 13) process.reallyExit(0); }' },
  {
    title: 'a signal to itself',
    listener: '({ data }) => { if (data.n === 13) process.kill(process.pid, "SIGKILL"); }',
  },
  {
    title: 'a promise that never resolves',
    listener: '({ data }) => data.n === 13 ? new Promise(() => {}) : undefined',
  },
  { title: 'a thrown null', listener: '({ data }) => { if (data.n === 13) throw null; }' },
  { title: 'a thrown text', listener: '({ data }) => { if (data.n === 13) throw "boom"; }' },
  {
    title: 'a frozen error',
    listener: '({ data }) => { if (data.n === 13) throw Object.freeze(new Error("boom")); }',
  },
  {
    title: 'a huge error',
    listener: '({ data }) => { if (data.n === 13) throw new Error("boom".repeat(1e7)); }',
  },
  {
    title: 'an error with getters that throw',
    listener:
      '({ data }) => { if (data.n === 13) throw Object.defineProperties(new Error("boom"), Object.fromEntries(["message", "name", "stack", "code", "cause", "permanent", "retryAfter", "status", "toString"].map((key) => [key, { get() { throw new Error("getter"); } }]))); }',
  },
  {
    title: 'a proxy that throws at every touch',
    listener:
      '({ data }) => { if (data.n === 13) throw new Proxy({}, { get() { throw 1; }, has() { throw 2; }, getPrototypeOf() { throw 3; }, ownKeys() { throw 4; } }); }',
  },
  {
    title: 'a promise with a then that throws',
    listener: '({ data }) => data.n === 13 ? { then() { throw new Error("boom"); } } : undefined',
  },
  { title: 'counters that throw', listener: '() => {} }, counters() { throw new Error("boom"); }, never: {' },
];

/** Handlers that hold the thread or take the memory; the watchdog ends the process, and pauses them in the end. */
export const blocking: readonly BadHandler[] = [
  { title: 'an endless loop', listener: '({ data }) => { if (data.n === 13) for (;;); }' },
  {
    title: 'an endless loop after an await',
    listener: 'async ({ data }) => { await null; if (data.n === 13) for (;;); }',
  },
  {
    title: 'a catastrophic regular expression',
    listener: '({ data }) => { if (data.n === 13) /^(a+)+$/.test("a".repeat(60) + "!"); }',
  },
];

/** A handler that holds the thread in a way that V8 does not always pause. */
export const microtasks: BadHandler = {
  title: 'an endless chain of microtasks',
  listener: 'async ({ data }) => { if (data.n === 13) for (;;) await null; }',
};

/** A handler that waits in native code, which nothing can pause: no stack can be had. */
export const native: BadHandler = {
  title: 'an endless wait in native code',
  listener:
    '({ data }) => { if (data.n === 13) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }',
};

/** Handlers that exhaust the memory at once, and bit by bit. */
export const exhausting: readonly BadHandler[] = [
  {
    title: 'memory in a loop',
    listener:
      '({ data }) => { if (data.n === 13) { const all = []; for (;;) all.push(new Array(1e5).fill(data.n)); } }',
  },
  {
    title: 'memory in a timer',
    listener:
      '({ data }) => { if (data.n === 13) { const all = []; setInterval(() => { for (let i = 0; i < 20; i += 1) all.push(new Array(1e5).fill({})); }, 1); } return data.n === 13 ? new Promise(() => {}) : undefined; }',
  },
];

/** The module of a bad handler. */
export function moduleOf({ listener }: BadHandler): string {
  return `import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
void createReadStream, connect;
export default { name: 'bad', on: { 'test.*': ${listener} } };
`;
}
