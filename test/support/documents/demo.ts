import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.ts';
import { type Ending, run } from './commands.ts';

/** Links everything of one folder into another, except the given names. */
function linkAll(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
}

/** Runs the demo of `npm start` in a copy of the checkout, because the demo writes into its checkout. */
export function runDemo(folder: string): Promise<Ending> {
  const checkout = mkdtempSync(join(folder, 'checkout-'));
  linkAll(root, checkout, ['apps', '.ihandler', '.git']);
  linkAll(join(root, 'apps'), join(checkout, 'apps'), ['demo']);
  linkAll(join(root, 'apps', 'demo'), join(checkout, 'apps', 'demo'), ['start.mjs']);
  // A program's folder is that of its real file, so this file is a copy, not a link.
  cpSync(join(root, 'apps', 'demo', 'start.mjs'), join(checkout, 'apps', 'demo', 'start.mjs'));
  return run(process.execPath, [join('apps', 'demo', 'start.mjs')], { project: checkout });
}
