import { createIncident } from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { createOrigins } from '@ihandler/core/origins';
import { exampleOrigins } from '@ihandler/testkit';

const origins = createOrigins([exampleOrigins]);

const SIZE = 1_000_000;
const manyHosts = Array.from({ length: 1000 }, (_, n) => `192.0.${2 + (n >> 8)}.${n & 255}`);
const inputs: readonly (readonly [what: string, hosts: readonly string[], word: string])[] = [
  ['ordinary text', ['192.0.2.1'], 'GET /index.html HTTP/1.1 Host: www.example.com '],
  ['the address, again and again', ['192.0.2.1'], '192.0.2.1 '],
  ['1,000 local ends', manyHosts, '192.0.2.1 192.0.2.1.1.1 '],
  ['colons', ['2001:db8::1'], ':'],
  ['near matches of IPv6', ['2001:db8::1', '2001:db8::2'], '2001:db8::2001:db8:0:0:0:0:0:'],
  ['dotted ends', ['2001:db8::1'], '2001:db8::0.0.0.1:0.0.0.1'],
];

/** The shortest of ten runs, in milliseconds of the processor. */
function shortest(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 10; run += 1) {
    const start = process.cpuUsage();
    work();
    best = Math.min(best, process.cpuUsage(start).user / 1000);
  }
  return best;
}

let seen = 0;
for (const [what, hosts, word] of inputs) {
  const text = word.repeat(SIZE / word.length);
  const data = { ends: hosts.map((host) => ({ local: { host } })), text };
  const incident = createIncident({ id: 's:1', origin: 'acme.seen', timestamp: 1, sensor: 's', data });
  // The limit: what anyone pays who looks at each character once.
  const limit = shortest(() => {
    for (let at = 0; at < text.length; at += 1) seen += text.charCodeAt(at);
  });
  const took = shortest(() => maskSensor(incident, origins));
  console.log(
    `  ${took.toFixed(1).padStart(6)} ms for 1 MB of ${what}; one look at each character takes ${limit.toFixed(1)} ms, ratio ${(limit / took).toFixed(2)}`,
  );
}
if (seen === 0) throw new Error('nothing was read');
