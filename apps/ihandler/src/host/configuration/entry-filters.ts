import type { HandlerEntry } from '@ihandler/core';
import type { Entry } from './configuration.ts';

/** What dionaea tells of itself: its questions to services and their answers, which hold keys of theirs. */
const OWN_UPLOADS: readonly string[] = [
  'dionaea.upload.request',
  'dionaea.modules.python.virustotal.get_file_report',
  'dionaea.modules.python.virustotal_scan_file',
  'dionaea.modules.python.virustotal_make_comment',
  'dionaea.modules.python.submithttp.result',
  'dionaea.modules.python.submithttp.uploadresult',
  'dionaea.modules.python.hpfeeds.dynipresult',
];

/** The connection of dionaea's own hpfeeds client. */
const OWN_CONNECTIONS: readonly string[] = ['-hpclient'];

/**
 * The filters of an entry. What the sensor did itself is left out: where an entry says `except` or `protocols`, that
 * replaces the default of the same name, so that `except: []` and `protocols: []` give everything.
 */
export function filtersOf({
  only,
  except = OWN_UPLOADS,
  ignore,
  protocols = OWN_CONNECTIONS,
}: Entry): Pick<HandlerEntry, 'only' | 'except' | 'ignore' | 'protocols'> {
  return { ...(only && { only }), except, ...(ignore && { ignore }), protocols };
}
