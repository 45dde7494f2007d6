import { existsSync } from 'node:fs';
import { utcStamp } from '@ihandler/sqlite-file';

/** `<beginning>-<UTC time>`, with a number when a file of that name exists. */
export function freeName(beginning: string, now: number): string {
  const stamp = utcStamp(now);
  for (let n = 0; ; n += 1) {
    const name = `${beginning}-${stamp}${n === 0 ? '' : `-${n}`}`;
    if (!existsSync(name)) return name;
  }
}
