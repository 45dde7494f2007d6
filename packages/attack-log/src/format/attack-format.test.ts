import { describe, expect, it } from 'vitest';
import type { ConnectionNode } from '../index.ts';
import { attack } from '../testing/attacks.ts';
import { formatAttack } from './attack-format.ts';

const utc = { utc: true };
const lines = (node: ConnectionNode, options = {}) =>
  formatAttack(node, { ...utc, ...options })
    .trimEnd()
    .split('\n');

const uuid = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
const root = attack(
  { connection: 610, local_host: '::ffff:192.0.2.1', remote_host: '2001:db8::7', sensor: 'berlin' },
  {
    p0fs: [
      {
        p0f_genre: 'Windows',
        p0f_detail: 'XP SP1+',
        p0f_uptime: -1,
        p0f_tos: '',
        p0f_dist: 11,
        p0f_nat: 0,
        p0f_fw: 1,
      },
    ],
    dcerpcrequests: [
      {
        dcerpcrequest_uuid: uuid,
        dcerpcrequest_opnum: 31,
        dcerpcservice_name: 'SRVSVC',
        dcerpcserviceop_name: 'NetPathCanonicalize',
        dcerpcserviceop_vuln: 'MS08-67',
      },
      {
        dcerpcrequest_uuid: 'odd',
        dcerpcrequest_opnum: 1,
        dcerpcservice_name: null,
        dcerpcserviceop_name: null,
        dcerpcserviceop_vuln: null,
      },
    ],
    emu_services: [{ emu_service_url: 'bindshell://1957' }],
  },
  [
    attack(
      {
        connection: 611,
        connection_type: 'listen',
        connection_protocol: 'remoteshell',
        local_port: 1957,
        connection_timestamp: 1_257_477_640,
      },
      {},
      [
        attack(
          { connection: 612, connection_type: 'connect', remote_hostname: 'evil.example', remote_port: 21 },
          {
            logins: [
              { login_username: 'sa', login_password: '' },
              { login_username: 'sa', login_password: '' },
              { login_username: null, login_password: 'x' },
            ],
            downloads: [{ download_md5_hash: 'D4', download_url: 'ftp://h/a.exe' }],
            virustotals: new Map([
              [
                'd4',
                [
                  {
                    row: { virustotal_timestamp: 1, virustotal_permalink: 'https://vt/old' },
                    scans: [],
                  },
                  {
                    row: { virustotal_timestamp: 1_286_483_847, virustotal_permalink: 'https://vt/new' },
                    scans: [
                      { virustotalscan_scanner: 'A', virustotalscan_result: 'Worm' },
                      { virustotalscan_scanner: 'B', virustotalscan_result: 'Worm' },
                      { virustotalscan_scanner: 'C', virustotalscan_result: null },
                    ],
                  },
                ],
              ],
            ]),
          },
        ),
      ],
    ),
    attack({ connection: 613 }, { offers: [{ offer_url: 'http://h/b' }] }),
  ],
);

describe('formatAttack', () => {
  it('draws the tree with all details of each connection', () => {
    expect(lines(root)).toEqual([
      '2009-11-06 03:20:37Z on berlin',
      'connection 610 smbd tcp accept 192.0.2.1:445 <- [2001:db8::7]:2010',
      '│  p0f             Windows XP SP1+, dist 11, fw 1',
      `│  dcerpc request  ${uuid} SRVSVC opnum 31 NetPathCanonicalize MS08-67`,
      '│  dcerpc request  odd opnum 1',
      '│  service         bindshell://1957',
      '├─ connection 611 remoteshell tcp listen 192.0.2.1:1957 +2.5 s',
      '│  └─ connection 612 smbd tcp connect 192.0.2.1:445 -> 198.51.100.7:21 (evil.example) +0 ms',
      '│        download        D4 ftp://h/a.exe',
      '│                        virustotal 2/3 (67%) 2010-10-07 20:37:27Z https://vt/new',
      '│                        Worm',
      "│        login           user 'sa' password '' ×2",
      "│        login           user - password 'x'",
      '└─ connection 613 smbd tcp accept 192.0.2.1:445 <- 198.51.100.7:2010 +0 ms',
      '      offer           http://h/b',
    ]);
  });

  it('shows the details of SIP, MySQL, MS-SQL and MQTT clients, on children too', () => {
    const child = attack(
      { connection: 2 },
      {
        mssql_fingerprints: [
          {
            mssql_fingerprint_hostname: 'h',
            mssql_fingerprint_appname: 'a',
            mssql_fingerprint_cltintname: null,
          },
        ],
        mssql_commands: [{ mssql_command_status: 'complete', mssql_command_cmd: 'select 1' }],
        mysql_commands: [
          {
            row: { mysql_command_cmd: 3, mysql_command_op_name: 'COM_QUERY' },
            args: [{ mysql_command_arg_data: 'show databases' }],
          },
          { row: { mysql_command_cmd: 99, mysql_command_op_name: null }, args: [] },
        ],
        sip_commands: [
          {
            row: {
              sip_command_method: 'OPTIONS',
              sip_command_call_id: '8457',
              sip_command_user_agent: 'friendly-scanner',
            },
            addrs: [
              {
                sip_addr_type: 'from',
                sip_addr_display_name: 'sipvicious',
                sip_addr_uri_scheme: 'sip',
                sip_addr_uri_user: null,
                sip_addr_uri_host: '1.1.1.1',
                sip_addr_uri_port: 5061,
              },
            ],
            vias: [{ sip_via_protocol: 'UDP', sip_via_address: '::1', sip_via_port: 5061 }],
            origins: [{ sip_sdp_origin_username: '-' }],
            connectiondatas: [{ sip_sdp_connectiondata_nettype: 'IN' }],
            medias: [{ sip_sdp_media_media: 'audio', sip_sdp_media_port: 9 }],
          },
        ],
        mqtt_fingerprints: [{ mqtt_fingerprint_clientid: 'i-1', mqtt_fingerprint_username: '' }],
        mqtt_publish_commands: [{ mqtt_publish_command_topic: 'home', mqtt_publish_command_message: 'open' }],
        mqtt_subscribe_commands: [
          { mqtt_subscribe_command_topic: '#', mqtt_subscribe_command_messageid: '1' },
        ],
      },
    );
    const shownLines = lines(attack({ connection: 1 }, {}, [child])).slice(3);
    expect(shownLines.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      "mssql client hostname 'h' appname 'a'",
      "mssql command 'select 1' complete",
      "mysql command COM_QUERY('show databases')",
      'mysql command command 99()',
      "sip OPTIONS call_id '8457' user_agent 'friendly-scanner'",
      "from: 'sipvicious' sip:1.1.1.1:5061",
      'via: UDP [::1]:5061',
      'o: - - - - - -',
      'c: IN - - - -',
      'm: audio 9 - -',
      "mqtt client clientid 'i-1'",
      "mqtt publish 'home' 'open'",
      "mqtt subscribe '#' message 1",
    ]);
  });

  it('shortens a long profile and fits it to the width of the terminal', () => {
    const calls = Array.from({ length: 40 }, (_, n) => ({
      call: `call${n}`,
      args: ['x'.repeat(200), { s_addr: '0.0.0.0' }],
      return: '0',
    }));
    const profile = attack({}, { emu_profiles: [{ emu_profile_json: JSON.stringify(calls) }] });
    const shownLines = lines(profile, { columns: 80 });
    expect(shownLines).toHaveLength(2 + 1 + 12);
    expect(shownLines[2]).toContain('profile         40 calls');
    expect(shownLines.at(-1)?.trim()).toBe('… 29 more calls');
    for (const line of shownLines.slice(2)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ['[{"api_name": "WinExec", "args": ["cmd"], "ret_val": "0x20"}]', "WinExec('cmd') = 0x20"],
    ['[{"call": 5}, null, "x"]', '{"call":5}'],
    ['{"a": 1}', '{"a": 1}'],
    ['not json \u001b[2J', 'not json \\x1b[2J'],
    ['', ''],
    [`[${'['.repeat(50_000)}${']'.repeat(50_000)}]`, ''],
  ])('shows a profile in another form than libemu’s: %.40s', (profile, expected) => {
    expect(formatAttack(attack({}, { emu_profiles: [{ emu_profile_json: profile }] }), utc)).toContain(
      expected,
    );
  });

  it('escapes control characters in every value, and cuts huge values', () => {
    const hostile = '\u001b]0;owned\u0007\r\n\u202e\u009b2J';
    const row = Object.fromEntries(Object.keys(attack({}).row).map((name) => [name, hostile]));
    const bytes = Uint8Array.of(0x1b, 0x5b, 0xff, 0);
    const text = formatAttack(
      attack(row, {
        offers: [{ offer_url: bytes }, { offer_url: 'x'.repeat(1 << 20) }, { offer_url: null }, {}],
        emu_profiles: [{ emu_profile_json: JSON.stringify([{ call: hostile, args: [hostile] }]) }],
        p0fs: [{ p0f_genre: null }],
        sip_commands: [
          { row: {}, addrs: [{}], vias: [{}], origins: [{}], connectiondatas: [{}], medias: [{}] },
        ],
        mqtt_fingerprints: [{}],
      }),
      { utc: true, color: true },
    );
    // biome-ignore lint/complexity/useRegexLiterals: control characters in a literal are hard to read
    const colors = new RegExp('\\u001b\\[\\d+m', 'g');
    expect(text.replace(colors, '')).not.toMatch(/[^\P{C}\n]/u);
    expect(text).toContain('… (1,048,576 characters)');
    expect(text.length).toBeLessThan(8000);
    expect(text).toContain('unknown time');
  });

  it('uses colours only on request', () => {
    expect(formatAttack(root, utc)).not.toContain('\u001b');
    expect(formatAttack(root, { ...utc, color: true })).toContain('\u001b[31mMS08-67\u001b[39m');
  });

  it.each([
    [{ utc: true }, '2009-11-06 03:20:37Z'],
    [{ timeZone: 'Europe/Berlin' }, '2009-11-06 04:20:37+01:00'],
    [{ timeZone: 'America/St_Johns' }, '2009-11-05 23:50:37-03:30'],
  ])('shows the time in %j', (zone, time) => {
    expect(formatAttack(attack({}), zone).split('\n')[0]).toBe(time);
  });

  it('counts the rest of a very long list', () => {
    const logins = Array.from({ length: 12_000 }, (_, n) => ({ login_username: 'root', login_password: n }));
    const shownLines = lines(attack({}, { logins, offers: [{ offer_url: 'u' }] }));
    expect(shownLines).toHaveLength(2 + 1 + 50 + 1);
    expect(shownLines.at(-1)?.trim()).toBe('login           … 11,950 more');
  });

  it('ends when the stored tree has a cycle, and prints the depth of very deep connections', () => {
    const children: ConnectionNode[] = [];
    const circle = attack({ connection: 1 }, {}, children);
    children.push(circle);
    expect(lines(circle)).toHaveLength(2);
    let chain = attack({ connection: 3000 });
    for (let connection = 2999; connection > 0; connection -= 1) chain = attack({ connection }, {}, [chain]);
    expect(lines(chain)).toHaveLength(3001);
    expect(lines(chain).at(-1)).toMatch(/└─ \(depth 2999\) connection 3000 /);
  });
});
