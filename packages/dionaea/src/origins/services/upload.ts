import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

const answer = z.object({ path: z.string(), _userdata: z.string().exactOptional() });

/** What the sensor sends to services, their answers, and files that attackers upload. */
export const uploadFamily = {
  'dionaea.upload.request': {
    schema: z
      .object({
        _url: z.string(),
        _callback: z.string().exactOptional(),
        _userdata: z.string().exactOptional(),
        user: z.string().exactOptional(),
        pass: z.string().exactOptional(),
      })
      .catchall(z.union([text, z.number(), z.boolean(), z.null()])),
    level: 'info',
    description: 'The sensor posts a form to a service; further keys are its fields. May contain secrets.',
  },
  'dionaea.upload.complete': {
    schema: z.object({
      path: z.string(),
      url: z.string(),
      sha256: z.string(),
      origin_filename: z.string(),
      connection,
    }),
    level: 'warning',
    description: 'An attacker uploaded a file by TFTP (the living fork).',
    roles: { capture: { sha256: 'sha256', name: 'origin_filename', url: 'url', file: 'path' } },
  },
  'dionaea.modules.python.virustotal.get_file_report': {
    schema: answer,
    level: 'debug',
    description: 'VirusTotal answered a request for a report; `path` is a temporary file on the sensor.',
  },
  'dionaea.modules.python.virustotal_scan_file': {
    schema: answer,
    level: 'debug',
    description: 'VirusTotal answered after a sample was submitted.',
  },
  'dionaea.modules.python.virustotal_make_comment': {
    schema: answer,
    level: 'debug',
    description: 'VirusTotal answered after a comment was posted.',
  },
  'dionaea.modules.python.submithttp.result': {
    schema: answer,
    level: 'debug',
    description: 'A service answered whether it accepts a sample.',
  },
  'dionaea.modules.python.submithttp.uploadresult': {
    schema: answer,
    level: 'debug',
    description: 'A service answered after a sample was submitted.',
  },
  'dionaea.modules.python.hpfeeds.dynipresult': {
    schema: answer,
    level: 'debug',
    description: "A service answered what the sensor's own address is.",
  },
} as const satisfies OriginDefinitions;
