import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const require = createRequire(import.meta.url);
// tsup depends on esbuild, so it is installed. Only this function of it is used.
const { build } = createRequire(require.resolve('tsup'))('esbuild') as {
  build(options: object): Promise<unknown>;
};

/** The environment without the variables of the runner of this test. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:NODE_|VITEST)/.test(name)));
}

it('the suite runs under node --test, where a broken handler fails its rule and no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-node-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'suite.test.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('testing/node-test-suite.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@ihandler/source'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', outfile], {
    cwd: folder,
    env: plainEnvironment(),
    encoding: 'utf8',
  });
  const failed = [...stdout.matchAll(/^ {4,}not ok \d+ - (.+)$/gm)].map(([, name]) => name);
  expect(failed.filter((name) => name !== 'broken')).toEqual(['has a name in kebab case']);
  expect(stdout).toMatch(/^# fail 1$/m);
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(60);
  expect(status).toBe(1);
}, 60_000);
