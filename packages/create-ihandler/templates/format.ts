import type { LineFormat } from '@ihandler/source-kit';

/** Lines such as {"time":1796083200000,"ip":"198.51.100.7","port":4711,"user":"root","password":"toor"} */
export const format: LineFormat = {
  name: 'example-name',
  parse(line) {
    const { time, ip, port, user, password } = JSON.parse(line);
    if (typeof time !== 'number') return { reject: 'expected a number "time"' };
    if (typeof ip !== 'string' || typeof port !== 'number')
      return { reject: 'expected a text "ip" and a number "port"' };
    if (typeof user !== 'string' || typeof password !== 'string')
      return { reject: 'expected texts "user" and "password"' };
    const connection = {
      id: `${ip}:${port}`,
      protocol: 'example-name',
      transport: 'tcp',
      local: { host: '', port: 0 },
      remote: { host: ip, port, hostname: '' },
    };
    return {
      incidents: [{ origin: 'example-name.login', timestamp: time, data: { connection, user, password } }],
    };
  },
};
