// The setup of `npm start`, `npm test` and the other scripts of package.json. It installs the pinned pnpm into .tools (no global
// install, no corepack) and the dependencies of the lockfile, builds changed packages, and runs the requested task. It prints
// only to standard error, and nothing for a step that has nothing to do.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `ihandler needs Node 20.19 or newer; this is Node ${process.versions.node} (${process.execPath}).`,
  );
  console.error(
    'Install a current one from https://nodejs.org/ or with your version manager (nvm install 22).',
  );
  process.exit(1);
}
const { root, run } = await import('./step.mjs');
const { install } = await import('./setup/install.mjs');
const { buildAll, buildToRun } = await import('./setup/build.mjs');

const scripts = {
  start: 'apps/demo/start.mjs',
  ihandler: 'apps/ihandler/dist/main.js',
  test: 'scripts/test.mjs',
  bench: 'scripts/bench.mjs',
  rehearse: 'scripts/rehearse-release.mjs',
  crash: 'scripts/crash.mjs',
  soak: 'scripts/soak.mjs',
};
const [task, ...args] = process.argv.slice(2);
const tasks = ['build', 'exec', ...Object.keys(scripts)];
if (!tasks.includes(task) || (task === 'exec' && args.length === 0)) {
  console.error(
    `scripts/run.mjs: expected ${tasks.join(', ')} (exec with a command), found ${task ?? 'nothing'}.`,
  );
  process.exit(2);
}
await install();
if (task === 'start') await buildToRun('ihandler-demo');
else if (task === 'ihandler') await buildToRun();
// The tests read the sources and report a failed build themselves.
else if (!['test', 'crash', 'soak'].includes(task)) await buildAll();

const script = join(root, scripts[task] ?? '');
if (task === 'exec') process.exitCode = await run(args[0], args.slice(1));
else if (task === 'ihandler') {
  // In this process, which saves a start of Node. Paths that a user passes are relative to the user's folder, not to the root.
  process.chdir(process.env.INIT_CWD ?? root);
  process.argv = [process.execPath, script, ...args];
  await import(pathToFileURL(script).href);
} else if (task !== 'build') process.exitCode = await run(process.execPath, [script, ...args], { cwd: root });
