import type { World } from './world.ts';

/** A source of lines such as `{"lines":1,"n":7}`: the incident `test.line.seen`, or what `origin` says. */
const linesSource = `
import { createReadStream, readFileSync } from 'node:fs';
export const recognises = (head) => Buffer.from(head).toString().startsWith('{"lines":1');
export default ({ file, sensor, ...options }) => {
  const problems = Object.keys(options).map((path) => ({ path, message: 'there is no such option' }));
  if (problems.length > 0)
    throw Object.assign(new Error('these options do not fit'), { name: 'IhandlerError', code: 'OPTIONS_INVALID', problems });
  return {
    contract: 1,
    name: 'lines',
    async run(context) {
      const after = (await context.resumeAfter('lines')) ?? 0;
      let offset = 0;
      let batch = [];
      const flush = () => context.report(batch.splice(0));
      const text = readFileSync(file === '-' ? 0 : file, 'utf8');
      for (const line of text.split('\\n').filter(Boolean)) {
        if (context.signal.aborted) return;
        const start = offset;
        offset += line.length + 1;
        if (offset <= after) continue;
        context.progress({ done: offset, total: text.length });
        let value;
        try {
          value = JSON.parse(line);
        } catch (error) {
          await context.reject({ file, offset: start, length: line.length, reason: 'expected JSON', text: line });
          continue;
        }
        if (value.throw) {
          await flush();
          throw new Error('the disk is gone');
        }
        const { origin = 'test.line.seen', n } = value;
        batch.push({ id: 'lines:' + offset, origin, timestamp: 1e12 + n, sensor, data: { n } });
        if (batch.length >= 100) await flush();
      }
      await flush();
    },
  };
};
`;

/** A handler that keeps the numbers of the incidents, and its checkpoint, in a JSON file. */
const keepHandler = `
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
export default (options) => {
  if (typeof options.file !== 'string' || Object.keys(options).some((key) => key !== 'file' && key !== 'size')) {
    const problems = [];
    if (typeof options.file !== 'string') problems.push({ path: 'file', message: 'expected a path; found nothing' });
    for (const key of Object.keys(options))
      if (key !== 'file' && key !== 'size') problems.push({ path: key, message: 'there is no such option' });
    const error = new Error('these options do not fit');
    error.name = 'IhandlerError';
    throw Object.assign(error, { code: 'OPTIONS_INVALID', problems });
  }
  let kept = { numbers: [], checkpoint: {} };
  return {
    contract: 1,
    name: 'keep',
    accepts: ['test.*'],
    start() {
      if (existsSync(options.file)) kept = JSON.parse(readFileSync(options.file, 'utf8'));
    },
    checkpoint: () => kept.checkpoint,
    write(batch, checkpoint) {
      if (batch.some(({ data }) => data.n === 666)) throw Object.assign(new Error('never'), { permanent: true });
      kept = {
        numbers: [...kept.numbers, ...batch.map(({ data }) => data.n)],
        checkpoint: { ...kept.checkpoint, ...checkpoint },
      };
      writeFileSync(options.file + '.new', JSON.stringify(kept));
      renameSync(options.file + '.new', options.file);
    },
  };
};
`;

/** Installs the source \`lines\`. */
export function installLines(world: World): void {
  world.install(
    'ihandler-lines',
    {
      exports: { '.': './index.js' },
      ihandler: {
        contract: 1,
        sources: {
          lines: { summary: 'Lines with numbers', reads: ['file', 'stdin'], options: { type: 'object' } },
        },
      },
    },
    { 'index.js': linesSource },
  );
}

/** Installs the handler `keep`, which needs the option `file` (a path). */
export function installKeep(world: World): void {
  world.install(
    '@acme/ihandler-keep',
    {
      exports: { '.': { import: { types: './index.d.ts', default: './lib/keep.js' } } },
      ihandler: {
        contract: 1,
        handlers: {
          keep: {
            summary: 'Keeps numbers',
            network: false,
            aliases: ['keep_it'],
            options: {
              type: 'object',
              required: ['file'],
              properties: {
                file: { type: 'string', format: 'path', examples: ['numbers.json'] },
                size: { type: 'integer' },
              },
            },
          },
        },
      },
    },
    { 'lib/keep.js': keepHandler },
  );
}

/** Installs a handler without options that takes everything, from code. */
export function installPlain(
  world: World,
  name: string,
  code: string,
  network = false,
  more: Readonly<Record<string, unknown>> = {},
): void {
  world.install(
    `ihandler-${name}`,
    {
      main: './main.js',
      ihandler: {
        contract: 1,
        handlers: {
          [name]: {
            summary: `Does ${name}`,
            network,
            ...(network && { sends: 'numbers to example.org' }),
            options: {},
            ...more,
          },
        },
      },
    },
    { 'main.js': code },
  );
}

/** Numbers as the source `lines` reads them. */
export function lines(...numbers: readonly number[]): string {
  return numbers.map((n) => `{"lines":1,"n":${n}}\n`).join('');
}

/** Installs the source `events`: lines of JSON with an `origin` and `data`. */
export function installEvents(world: World): void {
  world.install(
    'ihandler-events',
    {
      main: './index.js',
      ihandler: {
        contract: 1,
        sources: { events: { summary: 'Events', reads: ['file'], options: { type: 'object' } } },
      },
    },
    {
      'index.js': `
import { readFileSync } from 'node:fs';
export const recognises = (head) => Buffer.from(head).toString().startsWith('{"origin"');
export default ({ file, sensor }) => ({
  contract: 1,
  name: 'events',
  async run({ report, log }) {
    log.info('reading');
    const events = readFileSync(file, 'utf8').trim().split('\\n').map((line) => JSON.parse(line));
    await report(events.map(({ origin, data = {} }, n) => ({ id: 'e:' + (n + 1), origin, timestamp: 0, sensor, data })));
  },
});
`,
    },
  );
}
