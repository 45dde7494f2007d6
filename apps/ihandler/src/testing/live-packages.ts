import type { World } from './world.ts';

/**
 * A live source of lines with a number each. A line `throw` makes it throw an error, `wrong` an IhandlerError, `end` return;
 * any other line without a number is rejected.
 */
const tailSource = `
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
export default ({ file, sensor, ...others }) => {
  const problems = Object.keys(others).map((path) => ({ path, message: 'there is no such option' }));
  if (typeof file !== 'string') problems.push({ path: 'file', message: 'expected a path; found nothing' });
  if (problems.length > 0)
    throw Object.assign(new Error('these options do not fit'), { name: 'IhandlerError', code: 'OPTIONS_INVALID', problems });
  return {
    contract: 1,
    name: 'tail',
    async run({ resumeAfter, report, reject, signal }) {
      let after = (await resumeAfter('tail')) ?? 0;
      while (!signal.aborted) {
        const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
        let offset = 0;
        for (const line of text.split('\\n').slice(0, -1)) {
          const start = offset;
          offset += line.length + 1;
          if (offset <= after) continue;
          after = offset;
          if (line === 'throw') throw new Error('the disk is gone');
          if (line === 'end') return;
          if (line === 'wrong') throw Object.assign(new Error('put it right'), { name: 'IhandlerError', code: 'TARGET_UNREADABLE' });
          if (Number.isNaN(Number(line))) await reject({ file, offset: start, length: line.length, reason: 'expected a number', text: line });
          else await report([{ id: 'tail:' + offset, origin: 'test.line.seen', timestamp: Date.now(), sensor, data: { n: Number(line) } }]);
        }
        await pause(10, undefined, { signal }).catch(() => {});
      }
    },
  };
};
`;

/** Installs the live source `tail`, which needs the option `file` (a path). */
export function installTail(world: World): void {
  world.install(
    'ihandler-tail',
    {
      main: './index.js',
      ihandler: {
        contract: 1,
        sources: {
          tail: {
            summary: 'Follows a file of numbers',
            live: true,
            options: {
              type: 'object',
              required: ['file'],
              properties: {
                file: { type: 'string', format: 'path', access: 'read', description: 'The file to follow' },
                sensor: { type: 'string' },
              },
            },
          },
        },
      },
    },
    { 'index.js': tailSource },
  );
}
