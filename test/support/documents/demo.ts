import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.ts';
import { type Ending, run } from './commands.ts';

/** Everything of one folder, linked in another, but what is named. */
function linkAll(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
}

/** Runs what `npm start` runs after the set-up, in a checkout that is no place of the user: the demo writes into it. */
export function runDemo(folder: string): Promise<Ending> {
  const checkout = mkdtempSync(join(folder, 'checkout-'));
  linkAll(root, checkout, ['apps', '.ihandler', '.git']);
  linkAll(join(root, 'apps'), join(checkout, 'apps'), ['demo']);
  linkAll(join(root, 'apps', 'demo'), join(checkout, 'apps', 'demo'), ['start.mjs']);
  // A program lies where its file really is, so this one is no link.
  cpSync(join(root, 'apps', 'demo', 'start.mjs'), join(checkout, 'apps', 'demo', 'start.mjs'));
  return run(process.execPath, [join('apps', 'demo', 'start.mjs')], { project: checkout });
}
