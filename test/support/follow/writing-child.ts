// Writes numbered lines of log_incident to a file. Arguments: the file, lines per second, milliseconds. Each line is one write, as
// in dionaea. SIGUSR2 reopens the file. Prints the number of written lines.
import { closeSync, openSync, writeSync } from 'node:fs';

const [, , file = '', rate = '', milliseconds = ''] = process.argv;
let target = openSync(file, 'a');
process.on('SIGUSR2', () => {
  closeSync(target);
  target = openSync(file, 'a');
});

const began = performance.now();
let written = 0;
const timer = setInterval(() => {
  const elapsed = Math.min(performance.now() - began, Number(milliseconds));
  for (const due = Math.floor((elapsed * Number(rate)) / 1000); written < due; ) {
    written += 1;
    const timestamp = new Date().toISOString().slice(0, -1);
    const data = { url: `http://192.0.2.1/${written}` };
    const line = { timestamp, name: 'dionaea', origin: 'dionaea.download.offer', data };
    writeSync(target, `${JSON.stringify(line)}\n`);
  }
  if (elapsed < Number(milliseconds)) return;
  clearInterval(timer);
  writeSync(1, `${written}\n`);
}, 2);
