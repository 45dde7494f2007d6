import { type RowResult, type TableRow, withConnection } from './mapping.ts';

const isPort = (text: string) => /^\d{1,5}$/.test(text);

/** Reads a row of `emu_services`: `bindshell://<port>` or `connectbackshell://<host>:<port>`. */
export function readService(row: TableRow): RowResult {
  const { url, ...others } = row.cells;
  const [scheme = '', place = ''] = typeof url === 'string' ? url.split('://', 2) : [];
  const at = place.lastIndexOf(':');
  const port = place.slice(at + 1);
  const rest = withConnection({ ...row, cells: others });
  if (scheme === 'bindshell' && isPort(place))
    return { origin: 'dionaea.service.shell.listen', data: { port: Number(place), ...rest } };
  if (scheme === 'connectbackshell' && at !== -1 && isPort(port))
    return {
      origin: 'dionaea.service.shell.connect',
      data: { host: place.slice(0, at), port: Number(port), ...rest },
    };
  return 'expected bindshell://PORT or connectbackshell://HOST:PORT in emu_service_url, found another value';
}
