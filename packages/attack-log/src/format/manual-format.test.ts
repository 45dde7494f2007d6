import { readFileSync } from 'node:fs';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import type { ConnectionNode } from '../index.ts';
import { attack, storedAttack } from '../testing/attacks.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { recordedIncidents } from '../testing/wire.ts';
import { formatManual } from './manual-format.ts';

describe('formatManual', () => {
  it('prints the attack of dionaea’s manual byte for byte', () => {
    const store = new MemoryStore();
    store.write(recordedIncidents('seed-attack.ndjson'));
    const manual = recording('seed-attack.manual.txt');
    expect(formatManual(storedAttack(store, 610))).toBe(readFileSync(manual, 'utf8'));
  });

  it('prints NULL as None, bytes as text, and control characters escaped', () => {
    const hostile = attack(
      {
        connection: 7n,
        connection_protocol: new TextEncoder().encode('smb\u001b[2J'),
        connection_type: 'connect',
        remote_hostname: null,
        remote_port: null,
      },
      {
        logins: [{ login_username: null, login_password: Uint8Array.of(0xff, 0x0a) }],
        emu_profiles: [{ emu_profile_json: '[not\njson' }],
        mysql_commands: [
          {
            row: { mysql_command_cmd: 3, mysql_command_op_name: 'COM_QUERY' },
            args: [{ mysql_command_arg_data: 'a' }, { mysql_command_arg_data: 'b' }],
          },
          { row: { mysql_command_cmd: null, mysql_command_op_name: null }, args: [] },
        ],
      },
    );
    expect(formatManual(hostile)).toBe(
      [
        'connection 7 smb\\x1b[2J tcp connect 192.0.2.1:445 -> 198.51.100.7/None:None',
        ' profile: [not\\njson',
        " login - user:'None' password:'\ufffd\\n'",
        " mysql command (0x03) COM_QUERY('a','b')",
        ' mysql command (0x00) None()',
        '',
      ].join('\n'),
    );
  });

  it('ends when a connection is its own parent or the stored tree has a cycle', () => {
    const children: ConnectionNode[] = [];
    const root = attack({ connection: 1 }, {}, children);
    children.push(root, attack({ connection: 2 }, {}, children), attack({ connection: 1 }));
    expect(formatManual(root).match(/^ *connection \d+/gm)).toEqual(['connection 1', ' connection 2']);
  });

  it('prints a chain of 20,000 connections', () => {
    let node = attack({ connection: 20_000 });
    for (let connection = 19_999; connection > 0; connection -= 1) node = attack({ connection }, {}, [node]);
    expect(formatManual(node).trimEnd().split('\n')).toHaveLength(20_000);
  });
});
