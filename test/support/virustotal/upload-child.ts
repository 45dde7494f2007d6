import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { exampleOrigins } from '@ihandler/testkit';
import virustotal from '@ihandler/virustotal';

// Uploads one file and prints the result and the peak memory.
const [folder = '', url = '', key = '', md5 = ''] = process.argv.slice(2);
const dataDir = join(folder, 'data', 'virustotal');
mkdirSync(dataDir, { recursive: true });
const context: HandlerContext = {
  instance: 'virustotal',
  sensor: 'sensor',
  dataDir,
  durable: true,
  signal: new AbortController().signal,
  log: silentLog,
  origins: createOrigins([exampleOrigins]),
  state: { get: () => undefined, set: () => undefined },
  now: Date.now,
  fetch: globalThis.fetch,
  async report() {},
};
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 5);

/** The peak memory in bytes. Linux counts it for this program only; `getrusage` starts with the parent's peak. */
function peakMemory(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? peak : Number(kilobytes) * 1024;
}

const handler = virustotal({ apiKey: key, url, upload: true, sampleFolders: [folder], perMinute: 100 });
await handler.start?.(context);
const incident = createIncident({
  id: 'sensor:1',
  origin: 'dionaea.download.complete.unique',
  timestamp: 0,
  sensor: 'sensor',
  data: { file: join(folder, md5), url: '', md5hash: md5 },
  local: true,
});
await handler.write([incident], {}, context);
while (handler.counters?.()['uploaded'] === 0) await new Promise((resolve) => setTimeout(resolve, 20));
clearInterval(watch);
await handler.close?.();
process.stdout.write(String(peakMemory()));
