// Generated from the catalogue by scripts/generate-catalogue.mjs. Do not edit.
import { type Check, isObject, likelier, type Problem, under, wrong } from './problem.ts';

const pattern0 = /^-?\d{1,20}$/;

function Connection_local(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['host'] === 'string')) return wrong(data['host'], 'a string', 'host');
  if (!Number.isSafeInteger(data['port'])) return wrong(data['port'], 'an integer', 'port');
  return undefined;
}

function Connection_remote(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['host'] === 'string')) return wrong(data['host'], 'a string', 'host');
  if (!Number.isSafeInteger(data['port'])) return wrong(data['port'], 'an integer', 'port');
  if (!(typeof data['hostname'] === 'string' || data['hostname'] === null)) return wrong(data['hostname'], 'a string or null', 'hostname');
  return undefined;
}

function Connection(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['id'] === 'string')) return wrong(data['id'], 'a string', 'id');
  if (!(typeof data['protocol'] === 'string')) return wrong(data['protocol'], 'a string', 'protocol');
  if (!(typeof data['transport'] === 'string')) return wrong(data['transport'], 'a string', 'transport');
  problem = Connection_local(data['local']);
  if (problem) return under('local', problem);
  problem = Connection_remote(data['remote']);
  if (problem) return under('remote', problem);
  return undefined;
}

function dionaeaConnectionTcpListen(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaConnectionTcpPending(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  if (!Number.isSafeInteger(data['nfaction'])) return wrong(data['nfaction'], 'an integer', 'nfaction');
  return undefined;
}

function dionaeaConnectionLink(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  problem = Connection(data['parent']);
  if (problem) return under('parent', problem);
  problem = Connection(data['child']);
  if (problem) return under('child', problem);
  return undefined;
}

function dionaeaDownloadOffer(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['url'] === 'string' || data['url'] instanceof Uint8Array)) return wrong(data['url'], 'a string or bytes', 'url');
  if (data['ftpmode'] !== undefined) {
    if (!(typeof data['ftpmode'] === 'string')) return wrong(data['ftpmode'], 'a string', 'ftpmode');
  }
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaDownloadComplete(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  if (!(typeof data['url'] === 'string')) return wrong(data['url'], 'a string', 'url');
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaDownloadCompleteHash(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['file'] === 'string')) return wrong(data['file'], 'a string', 'file');
  if (!(typeof data['url'] === 'string')) return wrong(data['url'], 'a string', 'url');
  if (!(typeof data['md5hash'] === 'string')) return wrong(data['md5hash'], 'a string', 'md5hash');
  if (data['sha256hash'] !== undefined) {
    if (!(typeof data['sha256hash'] === 'string')) return wrong(data['sha256hash'], 'a string', 'sha256hash');
  }
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaServiceShellListen(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(Number.isSafeInteger(data['port']) || (typeof data['port'] === 'string' && pattern0.test(data['port'])))) return wrong(data['port'], 'an integer or decimal digits', 'port');
  if (data['host'] !== undefined) {
    if (!(typeof data['host'] === 'string')) return wrong(data['host'], 'a string', 'host');
  }
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaServiceShellConnect(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['host'] === 'string')) return wrong(data['host'], 'a string', 'host');
  if (!(Number.isSafeInteger(data['port']) || (typeof data['port'] === 'string' && pattern0.test(data['port'])))) return wrong(data['port'], 'an integer or decimal digits', 'port');
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaShellcodeDetected(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (data['data'] !== undefined) {
    if (!(typeof data['data'] === 'string' || data['data'] instanceof Uint8Array)) return wrong(data['data'], 'a string or bytes', 'data');
  }
  if (data['offset'] !== undefined) {
    if (!Number.isSafeInteger(data['offset'])) return wrong(data['offset'], 'an integer', 'offset');
  }
  if (data['arch'] !== undefined) {
    if (!(typeof data['arch'] === 'string')) return wrong(data['arch'], 'a string', 'arch');
  }
  if (data['connection'] !== undefined) {
    problem = Connection(data['connection']);
    if (problem) return under('connection', problem);
  }
  return undefined;
}

function dionaeaXmatchDetected(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  return undefined;
}

function dionaeaModuleEmuProfile(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['profile'] === 'string')) return wrong(data['profile'], 'a string', 'profile');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModuleNlAddrNew(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['addr'] === 'string')) return wrong(data['addr'], 'a string', 'addr');
  if (!(typeof data['iface'] === 'string')) return wrong(data['iface'], 'a string', 'iface');
  if (!Number.isSafeInteger(data['scope'])) return wrong(data['scope'], 'an integer', 'scope');
  return undefined;
}

function dionaeaModuleNlConnectionInfoMac(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['mac'] === 'string')) return wrong(data['mac'], 'a string', 'mac');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaUploadRequest(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['_url'] === 'string')) return wrong(data['_url'], 'a string', '_url');
  if (data['_callback'] !== undefined) {
    if (!(typeof data['_callback'] === 'string')) return wrong(data['_callback'], 'a string', '_callback');
  }
  if (data['_userdata'] !== undefined) {
    if (!(typeof data['_userdata'] === 'string')) return wrong(data['_userdata'], 'a string', '_userdata');
  }
  if (data['user'] !== undefined) {
    if (!(typeof data['user'] === 'string')) return wrong(data['user'], 'a string', 'user');
  }
  if (data['pass'] !== undefined) {
    if (!(typeof data['pass'] === 'string')) return wrong(data['pass'], 'a string', 'pass');
  }
  for (const key in data) {
    if (key !== '_url' && key !== '_callback' && key !== '_userdata' && key !== 'user' && key !== 'pass') {
      if (!((typeof data[key] === 'string' || data[key] instanceof Uint8Array) || Number.isFinite(data[key]) || typeof data[key] === 'boolean' || data[key] === null)) return wrong(data[key], 'a string or bytes or a number or a boolean or null', key);
    }
  }
  return undefined;
}

function dionaeaUploadComplete(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  if (!(typeof data['url'] === 'string')) return wrong(data['url'], 'a string', 'url');
  if (!(typeof data['sha256'] === 'string')) return wrong(data['sha256'], 'a string', 'sha256');
  if (!(typeof data['origin_filename'] === 'string')) return wrong(data['origin_filename'], 'a string', 'origin_filename');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonVirustotalGetFileReport(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  if (data['_userdata'] !== undefined) {
    if (!(typeof data['_userdata'] === 'string')) return wrong(data['_userdata'], 'a string', '_userdata');
  }
  return undefined;
}

function VirusTotalReport_scans_other(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['result'] === 'string' || data['result'] === null)) return wrong(data['result'], 'a string or null', 'result');
  if (data['detected'] !== undefined) {
    if (!(typeof data['detected'] === 'boolean' || Number.isSafeInteger(data['detected']))) return wrong(data['detected'], 'a boolean or an integer', 'detected');
  }
  if (data['version'] !== undefined) {
    if (!(typeof data['version'] === 'string' || data['version'] === null)) return wrong(data['version'], 'a string or null', 'version');
  }
  if (data['update'] !== undefined) {
    if (!(typeof data['update'] === 'string' || data['update'] === null)) return wrong(data['update'], 'a string or null', 'update');
  }
  return undefined;
}

function VirusTotalReport_scans(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  for (const key in data) {
    problem = VirusTotalReport_scans_other(data[key]);
    if (problem) return under(key, problem);
  }
  return undefined;
}

function VirusTotalReport(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(Number.isSafeInteger(data['response_code']) || (typeof data['response_code'] === 'string' && pattern0.test(data['response_code'])))) return wrong(data['response_code'], 'an integer or decimal digits', 'response_code');
  if (data['permalink'] !== undefined) {
    if (!(typeof data['permalink'] === 'string')) return wrong(data['permalink'], 'a string', 'permalink');
  }
  if (data['scan_date'] !== undefined) {
    if (!(typeof data['scan_date'] === 'string')) return wrong(data['scan_date'], 'a string', 'scan_date');
  }
  if (data['scans'] !== undefined) {
    problem = VirusTotalReport_scans(data['scans']);
    if (problem) return under('scans', problem);
  }
  return undefined;
}

function dionaeaModulesPythonVirustotalReport_0(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['md5hash'] === 'string')) return wrong(data['md5hash'], 'a string', 'md5hash');
  if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  if (data['report'] !== undefined) {
    problem = VirusTotalReport(data['report']);
    if (problem) return under('report', problem);
  }
  return undefined;
}

function dionaeaModulesPythonVirustotalReport_1(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['md5hash'] === 'string')) return wrong(data['md5hash'], 'a string', 'md5hash');
  if (data['path'] !== undefined) {
    if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  }
  problem = VirusTotalReport(data['report']);
  if (problem) return under('report', problem);
  return undefined;
}

function dionaeaModulesPythonVirustotalReport(data: unknown): Problem | undefined {
  const problem0 = dionaeaModulesPythonVirustotalReport_0(data);
  if (problem0 === undefined) return undefined;
  const problem1 = dionaeaModulesPythonVirustotalReport_1(data);
  if (problem1 === undefined) return undefined;
  return likelier(problem0, problem1);
}

function dionaeaModulesPythonP0f(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (data['magic'] !== undefined) {
    if (!(typeof data['magic'] === 'string' || Number.isFinite(data['magic']))) return wrong(data['magic'], 'a string or a number', 'magic');
  }
  if (data['id'] !== undefined) {
    if (!(typeof data['id'] === 'string' || Number.isFinite(data['id']))) return wrong(data['id'], 'a string or a number', 'id');
  }
  if (data['type'] !== undefined) {
    if (!(typeof data['type'] === 'string' || Number.isFinite(data['type']))) return wrong(data['type'], 'a string or a number', 'type');
  }
  if (!(typeof data['genre'] === 'string' || Number.isFinite(data['genre']))) return wrong(data['genre'], 'a string or a number', 'genre');
  if (!(typeof data['detail'] === 'string' || Number.isFinite(data['detail']))) return wrong(data['detail'], 'a string or a number', 'detail');
  if (!(typeof data['dist'] === 'string' || Number.isFinite(data['dist']))) return wrong(data['dist'], 'a string or a number', 'dist');
  if (!(typeof data['link'] === 'string' || Number.isFinite(data['link']))) return wrong(data['link'], 'a string or a number', 'link');
  if (!(typeof data['tos'] === 'string' || Number.isFinite(data['tos']))) return wrong(data['tos'], 'a string or a number', 'tos');
  if (!(typeof data['fw'] === 'string' || Number.isFinite(data['fw']))) return wrong(data['fw'], 'a string or a number', 'fw');
  if (!(typeof data['nat'] === 'string' || Number.isFinite(data['nat']))) return wrong(data['nat'], 'a string or a number', 'nat');
  if (data['real'] !== undefined) {
    if (!(typeof data['real'] === 'string' || Number.isFinite(data['real']))) return wrong(data['real'], 'a string or a number', 'real');
  }
  if (data['score'] !== undefined) {
    if (!(typeof data['score'] === 'string' || Number.isFinite(data['score']))) return wrong(data['score'], 'a string or a number', 'score');
  }
  if (data['mflags'] !== undefined) {
    if (!(typeof data['mflags'] === 'string' || Number.isFinite(data['mflags']))) return wrong(data['mflags'], 'a string or a number', 'mflags');
  }
  if (!(typeof data['uptime'] === 'string' || Number.isFinite(data['uptime']))) return wrong(data['uptime'], 'a string or a number', 'uptime');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonSmbDcerpcBind(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['uuid'] === 'string')) return wrong(data['uuid'], 'a string', 'uuid');
  if (!(typeof data['transfersyntax'] === 'string')) return wrong(data['transfersyntax'], 'a string', 'transfersyntax');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonSmbDcerpcRequest(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['uuid'] === 'string')) return wrong(data['uuid'], 'a string', 'uuid');
  if (!Number.isSafeInteger(data['opnum'])) return wrong(data['opnum'], 'an integer', 'opnum');
  if (data['stub_data'] !== undefined) {
    if (!(typeof data['stub_data'] === 'string' || data['stub_data'] instanceof Uint8Array)) return wrong(data['stub_data'], 'a string or bytes', 'stub_data');
  }
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMssqlLogin(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['username'] === 'string')) return wrong(data['username'], 'a string', 'username');
  if (!(typeof data['password'] === 'string')) return wrong(data['password'], 'a string', 'password');
  if (!(typeof data['cltintname'] === 'string')) return wrong(data['cltintname'], 'a string', 'cltintname');
  if (!(typeof data['hostname'] === 'string')) return wrong(data['hostname'], 'a string', 'hostname');
  if (!(typeof data['appname'] === 'string')) return wrong(data['appname'], 'a string', 'appname');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMssqlCmd(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['status'] === 'string')) return wrong(data['status'], 'a string', 'status');
  if (!(typeof data['cmd'] === 'string' || data['cmd'] instanceof Uint8Array)) return wrong(data['cmd'], 'a string or bytes', 'cmd');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMysqlLogin(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['username'] === 'string' || data['username'] instanceof Uint8Array)) return wrong(data['username'], 'a string or bytes', 'username');
  if (!(typeof data['password'] === 'string')) return wrong(data['password'], 'a string', 'password');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMysqlCommand_args(data: unknown): Problem | undefined {
  if (!Array.isArray(data)) return wrong(data, 'a list');
  for (let index = 0; index < data.length; index += 1) {
    const item: unknown = data[index];
    if (!(typeof item === 'string')) return wrong(item, 'a string', index);
  }
  return undefined;
}

function dionaeaModulesPythonMysqlCommand(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!Number.isSafeInteger(data['command'])) return wrong(data['command'], 'an integer', 'command');
  if (data['args'] !== undefined) {
    problem = dionaeaModulesPythonMysqlCommand_args(data['args']);
    if (problem) return under('args', problem);
  }
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonFtpCommand(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['command'] === 'string' || data['command'] instanceof Uint8Array)) return wrong(data['command'], 'a string or bytes', 'command');
  problem = dionaeaModulesPythonMysqlCommand_args(data['arguments']);
  if (problem) return under('arguments', problem);
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonFtpLogin(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['username'] === 'string')) return wrong(data['username'], 'a string', 'username');
  if (!(typeof data['password'] === 'string')) return wrong(data['password'], 'a string', 'password');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMqttConnect(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['clientid'] === 'string' || data['clientid'] instanceof Uint8Array)) return wrong(data['clientid'], 'a string or bytes', 'clientid');
  if (!(typeof data['willtopic'] === 'string' || data['willtopic'] instanceof Uint8Array)) return wrong(data['willtopic'], 'a string or bytes', 'willtopic');
  if (!(typeof data['willmessage'] === 'string' || data['willmessage'] instanceof Uint8Array)) return wrong(data['willmessage'], 'a string or bytes', 'willmessage');
  if (!(typeof data['username'] === 'string' || data['username'] instanceof Uint8Array)) return wrong(data['username'], 'a string or bytes', 'username');
  if (!(typeof data['password'] === 'string' || data['password'] instanceof Uint8Array)) return wrong(data['password'], 'a string or bytes', 'password');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMqttPublish(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['publishtopic'] === 'string' || data['publishtopic'] instanceof Uint8Array)) return wrong(data['publishtopic'], 'a string or bytes', 'publishtopic');
  if (!(typeof data['publishmessage'] === 'string' || data['publishmessage'] instanceof Uint8Array)) return wrong(data['publishmessage'], 'a string or bytes', 'publishmessage');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonMqttSubscribe(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(Number.isSafeInteger(data['subscribemessageid']) || (typeof data['subscribemessageid'] === 'string' && pattern0.test(data['subscribemessageid'])))) return wrong(data['subscribemessageid'], 'an integer or decimal digits', 'subscribemessageid');
  if (!(typeof data['subscribetopic'] === 'string' || data['subscribetopic'] instanceof Uint8Array)) return wrong(data['subscribetopic'], 'a string or bytes', 'subscribetopic');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonPptpConnect(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!Number.isSafeInteger(data['firmware_revision'])) return wrong(data['firmware_revision'], 'an integer', 'firmware_revision');
  if (!Number.isSafeInteger(data['max_channels'])) return wrong(data['max_channels'], 'an integer', 'max_channels');
  if (!Number.isSafeInteger(data['protocol_version'])) return wrong(data['protocol_version'], 'an integer', 'protocol_version');
  if (!(typeof data['remote_hostname'] === 'string' || data['remote_hostname'] instanceof Uint8Array)) return wrong(data['remote_hostname'], 'a string or bytes', 'remote_hostname');
  if (!(typeof data['vendor_name'] === 'string' || data['vendor_name'] instanceof Uint8Array)) return wrong(data['vendor_name'], 'a string or bytes', 'vendor_name');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function SipAddress_uri(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['scheme'] === 'string' || data['scheme'] === null)) return wrong(data['scheme'], 'a string or null', 'scheme');
  if (!(typeof data['user'] === 'string' || data['user'] === null)) return wrong(data['user'], 'a string or null', 'user');
  if (!(typeof data['password'] === 'string' || data['password'] === null)) return wrong(data['password'], 'a string or null', 'password');
  if (!(typeof data['host'] === 'string' || data['host'] === null)) return wrong(data['host'], 'a string or null', 'host');
  if (!((Number.isSafeInteger(data['port']) || (typeof data['port'] === 'string' && pattern0.test(data['port']))) || data['port'] === null)) return wrong(data['port'], 'an integer or decimal digits or null', 'port');
  if (data['params'] !== undefined) {
    if (!isObject(data['params'])) return wrong(data['params'], 'an object', 'params');
  }
  if (data['headers'] !== undefined) {
    if (!Array.isArray(data['headers'])) return wrong(data['headers'], 'a list', 'headers');
  }
  return undefined;
}

function SipAddress(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['display_name'] === 'string' || data['display_name'] === null)) return wrong(data['display_name'], 'a string or null', 'display_name');
  problem = SipAddress_uri(data['uri']);
  if (problem) return under('uri', problem);
  if (data['params'] !== undefined) {
    if (!isObject(data['params'])) return wrong(data['params'], 'an object', 'params');
  }
  return undefined;
}

function dionaeaModulesPythonSipCommand_from(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!Array.isArray(data)) return wrong(data, 'a list');
  for (let index = 0; index < data.length; index += 1) {
    const item: unknown = data[index];
    problem = SipAddress(item);
    if (problem) return under(index, problem);
  }
  return undefined;
}

function SipVia(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['protocol'] === 'string' || data['protocol'] === null)) return wrong(data['protocol'], 'a string or null', 'protocol');
  if (!(typeof data['address'] === 'string' || data['address'] === null)) return wrong(data['address'], 'a string or null', 'address');
  if (!((Number.isSafeInteger(data['port']) || (typeof data['port'] === 'string' && pattern0.test(data['port']))) || data['port'] === null)) return wrong(data['port'], 'an integer or decimal digits or null', 'port');
  if (data['_params'] !== undefined) {
    if (!Array.isArray(data['_params'])) return wrong(data['_params'], 'a list', '_params');
  }
  return undefined;
}

function dionaeaModulesPythonSipCommand_via(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!Array.isArray(data)) return wrong(data, 'a list');
  for (let index = 0; index < data.length; index += 1) {
    const item: unknown = data[index];
    problem = SipVia(item);
    if (problem) return under(index, problem);
  }
  return undefined;
}

function SipSdp_c(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['nettype'] === 'string' || data['nettype'] === null)) return wrong(data['nettype'], 'a string or null', 'nettype');
  if (!(typeof data['addrtype'] === 'string' || data['addrtype'] === null)) return wrong(data['addrtype'], 'a string or null', 'addrtype');
  if (!(typeof data['connection_address'] === 'string' || data['connection_address'] === null)) return wrong(data['connection_address'], 'a string or null', 'connection_address');
  if (!((Number.isSafeInteger(data['ttl']) || (typeof data['ttl'] === 'string' && pattern0.test(data['ttl']))) || data['ttl'] === null)) return wrong(data['ttl'], 'an integer or decimal digits or null', 'ttl');
  if (!((Number.isSafeInteger(data['number_of_addresses']) || (typeof data['number_of_addresses'] === 'string' && pattern0.test(data['number_of_addresses']))) || data['number_of_addresses'] === null)) return wrong(data['number_of_addresses'], 'an integer or decimal digits or null', 'number_of_addresses');
  return undefined;
}

function SipSdp_o(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['username'] === 'string' || data['username'] === null)) return wrong(data['username'], 'a string or null', 'username');
  if (!((typeof data['sess_id'] === 'string' || Number.isFinite(data['sess_id'])) || data['sess_id'] === null)) return wrong(data['sess_id'], 'a string or a number or null', 'sess_id');
  if (!((typeof data['sess_version'] === 'string' || Number.isFinite(data['sess_version'])) || data['sess_version'] === null)) return wrong(data['sess_version'], 'a string or a number or null', 'sess_version');
  if (!(typeof data['nettype'] === 'string' || data['nettype'] === null)) return wrong(data['nettype'], 'a string or null', 'nettype');
  if (!(typeof data['addrtype'] === 'string' || data['addrtype'] === null)) return wrong(data['addrtype'], 'a string or null', 'addrtype');
  if (!(typeof data['unicast_address'] === 'string' || data['unicast_address'] === null)) return wrong(data['unicast_address'], 'a string or null', 'unicast_address');
  return undefined;
}

function SipSdp_m_item(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['media'] === 'string' || data['media'] === null)) return wrong(data['media'], 'a string or null', 'media');
  if (!((Number.isSafeInteger(data['port']) || (typeof data['port'] === 'string' && pattern0.test(data['port']))) || data['port'] === null)) return wrong(data['port'], 'an integer or decimal digits or null', 'port');
  if (!((Number.isSafeInteger(data['number_of_ports']) || (typeof data['number_of_ports'] === 'string' && pattern0.test(data['number_of_ports']))) || data['number_of_ports'] === null)) return wrong(data['number_of_ports'], 'an integer or decimal digits or null', 'number_of_ports');
  if (!(typeof data['proto'] === 'string' || data['proto'] === null)) return wrong(data['proto'], 'a string or null', 'proto');
  if (data['fmt'] !== undefined) {
    if (!Array.isArray(data['fmt'])) return wrong(data['fmt'], 'a list', 'fmt');
  }
  return undefined;
}

function SipSdp_m(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!Array.isArray(data)) return wrong(data, 'a list');
  for (let index = 0; index < data.length; index += 1) {
    const item: unknown = data[index];
    problem = SipSdp_m_item(item);
    if (problem) return under(index, problem);
  }
  return undefined;
}

function SipSdp(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  problem = SipSdp_c(data['c']);
  if (problem) return under('c', problem);
  problem = SipSdp_o(data['o']);
  if (problem) return under('o', problem);
  problem = SipSdp_m(data['m']);
  if (problem) return under('m', problem);
  return undefined;
}

function dionaeaModulesPythonSipCommand_sdp(data: unknown): Problem | undefined {
  const problem0 = SipSdp(data);
  if (problem0 === undefined) return undefined;
  const problem1 = data === null ? undefined : wrong(data, 'null');
  if (problem1 === undefined) return undefined;
  return likelier(problem0, problem1);
}

function dionaeaModulesPythonSipCommand(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['method'] === 'string' || data['method'] instanceof Uint8Array)) return wrong(data['method'], 'a string or bytes', 'method');
  if (!(typeof data['call_id'] === 'string' || data['call_id'] instanceof Uint8Array)) return wrong(data['call_id'], 'a string or bytes', 'call_id');
  if (!((typeof data['user_agent'] === 'string' || data['user_agent'] instanceof Uint8Array) || data['user_agent'] === null)) return wrong(data['user_agent'], 'a string or bytes or null', 'user_agent');
  problem = SipAddress(data['addr']);
  if (problem) return under('addr', problem);
  problem = SipAddress(data['to']);
  if (problem) return under('to', problem);
  problem = SipAddress(data['contact']);
  if (problem) return under('contact', problem);
  problem = dionaeaModulesPythonSipCommand_from(data['from']);
  if (problem) return under('from', problem);
  problem = dionaeaModulesPythonSipCommand_via(data['via']);
  if (problem) return under('via', problem);
  problem = dionaeaModulesPythonMysqlCommand_args(data['allow']);
  if (problem) return under('allow', problem);
  problem = dionaeaModulesPythonSipCommand_sdp(data['sdp']);
  if (problem) return under('sdp', problem);
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonPrinterPrint(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['path'] === 'string')) return wrong(data['path'], 'a string', 'path');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonHttpRequest(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['method'] === 'string' || data['method'] instanceof Uint8Array)) return wrong(data['method'], 'a string or bytes', 'method');
  if (!(typeof data['path'] === 'string' || data['path'] instanceof Uint8Array)) return wrong(data['path'], 'a string or bytes', 'path');
  if (!(typeof data['version'] === 'string' || data['version'] instanceof Uint8Array)) return wrong(data['version'], 'a string or bytes', 'version');
  if (!(typeof data['headers'] === 'string')) return wrong(data['headers'], 'a string', 'headers');
  if (!(typeof data['body'] === 'string' || data['body'] instanceof Uint8Array)) return wrong(data['body'], 'a string or bytes', 'body');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonNbnsQuery(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['name'] === 'string')) return wrong(data['name'], 'a string', 'name');
  if (!Number.isSafeInteger(data['suffix'])) return wrong(data['suffix'], 'an integer', 'suffix');
  if (!(typeof data['suffix_name'] === 'string')) return wrong(data['suffix_name'], 'a string', 'suffix_name');
  if (!Number.isSafeInteger(data['opcode'])) return wrong(data['opcode'], 'an integer', 'opcode');
  if (!(typeof data['opcode_name'] === 'string')) return wrong(data['opcode_name'], 'a string', 'opcode_name');
  if (!Number.isSafeInteger(data['qtype'])) return wrong(data['qtype'], 'an integer', 'qtype');
  if (data['qtype_name'] !== undefined) {
    if (!(typeof data['qtype_name'] === 'string')) return wrong(data['qtype_name'], 'a string', 'qtype_name');
  }
  if (!(typeof data['is_wpad'] === 'boolean' || Number.isSafeInteger(data['is_wpad']))) return wrong(data['is_wpad'], 'a boolean or an integer', 'is_wpad');
  if (data['threat_level'] !== undefined) {
    if (!(typeof data['threat_level'] === 'string')) return wrong(data['threat_level'], 'a string', 'threat_level');
  }
  if (data['threat_desc'] !== undefined) {
    if (!(typeof data['threat_desc'] === 'string')) return wrong(data['threat_desc'], 'a string', 'threat_desc');
  }
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonNbnsMalformed(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['error'] === 'string')) return wrong(data['error'], 'a string', 'error');
  if (!(typeof data['raw_data'] === 'string')) return wrong(data['raw_data'], 'a string', 'raw_data');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function dionaeaModulesPythonSnmpRequest(data: unknown): Problem | undefined {
  let problem: Problem | undefined;
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['version'] === 'string')) return wrong(data['version'], 'a string', 'version');
  if (!(typeof data['community'] === 'string')) return wrong(data['community'], 'a string', 'community');
  if (!(typeof data['pdu_type'] === 'string')) return wrong(data['pdu_type'], 'a string', 'pdu_type');
  if (!(typeof data['oids'] === 'string')) return wrong(data['oids'], 'a string', 'oids');
  problem = Connection(data['connection']);
  if (problem) return under('connection', problem);
  return undefined;
}

function ihandlerHandlerFailed(data: unknown): Problem | undefined {
  if (!isObject(data)) return wrong(data, 'an object');
  if (!(typeof data['instance'] === 'string')) return wrong(data['instance'], 'a string', 'instance');
  if (!(typeof data['handler'] === 'string')) return wrong(data['handler'], 'a string', 'handler');
  if (data['origin'] !== undefined) {
    if (!(typeof data['origin'] === 'string')) return wrong(data['origin'], 'a string', 'origin');
  }
  if (data['incident'] !== undefined) {
    if (!(typeof data['incident'] === 'string')) return wrong(data['incident'], 'a string', 'incident');
  }
  if (!(typeof data['message'] === 'string')) return wrong(data['message'], 'a string', 'message');
  if (!Number.isSafeInteger(data['attempts'])) return wrong(data['attempts'], 'an integer', 'attempts');
  return undefined;
}

/** How the data of each known origin is checked. */
export const checks: ReadonlyMap<string, Check> = /* @__PURE__ */ new Map<string, Check>([
  ['dionaea.connection.tcp.listen', dionaeaConnectionTcpListen],
  ['dionaea.connection.tls.listen', dionaeaConnectionTcpListen],
  ['dionaea.connection.tcp.accept', dionaeaConnectionTcpListen],
  ['dionaea.connection.tls.accept', dionaeaConnectionTcpListen],
  ['dionaea.connection.dtls.accept', dionaeaConnectionTcpListen],
  ['dionaea.connection.tcp.connect', dionaeaConnectionTcpListen],
  ['dionaea.connection.tls.connect', dionaeaConnectionTcpListen],
  ['dionaea.connection.udp.connect', dionaeaConnectionTcpListen],
  ['dionaea.connection.dtls.connect', dionaeaConnectionTcpListen],
  ['dionaea.connection.tcp.reject', dionaeaConnectionTcpListen],
  ['dionaea.connection.tcp.pending', dionaeaConnectionTcpPending],
  ['dionaea.connection.link', dionaeaConnectionLink],
  ['dionaea.connection.link.early', dionaeaConnectionLink],
  ['dionaea.connection.free', dionaeaConnectionTcpListen],
  ['dionaea.download.offer', dionaeaDownloadOffer],
  ['dionaea.download.complete', dionaeaDownloadComplete],
  ['dionaea.download.complete.hash', dionaeaDownloadCompleteHash],
  ['dionaea.download.complete.again', dionaeaDownloadCompleteHash],
  ['dionaea.download.complete.unique', dionaeaDownloadCompleteHash],
  ['dionaea.service.shell.listen', dionaeaServiceShellListen],
  ['dionaea.service.shell.connect', dionaeaServiceShellConnect],
  ['dionaea.shellcode.detected', dionaeaShellcodeDetected],
  ['dionaea.xmatch.detected', dionaeaXmatchDetected],
  ['dionaea.module.emu.profile', dionaeaModuleEmuProfile],
  ['dionaea.module.emu.mkshell', dionaeaConnectionTcpListen],
  ['dionaea.module.nl.addr.new', dionaeaModuleNlAddrNew],
  ['dionaea.module.nl.addr.del', dionaeaModuleNlAddrNew],
  ['dionaea.module.nl.addr.hup', dionaeaModuleNlAddrNew],
  ['dionaea.module.nl.connection.info.mac', dionaeaModuleNlConnectionInfoMac],
  ['dionaea.upload.request', dionaeaUploadRequest],
  ['dionaea.upload.complete', dionaeaUploadComplete],
  ['dionaea.modules.python.virustotal.get_file_report', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.virustotal_scan_file', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.virustotal_make_comment', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.submithttp.result', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.submithttp.uploadresult', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.hpfeeds.dynipresult', dionaeaModulesPythonVirustotalGetFileReport],
  ['dionaea.modules.python.virustotal.report', dionaeaModulesPythonVirustotalReport],
  ['dionaea.modules.python.p0f', dionaeaModulesPythonP0f],
  ['dionaea.modules.python.smb.dcerpc.bind', dionaeaModulesPythonSmbDcerpcBind],
  ['dionaea.modules.python.smb.dcerpc.request', dionaeaModulesPythonSmbDcerpcRequest],
  ['dionaea.modules.python.mssql.login', dionaeaModulesPythonMssqlLogin],
  ['dionaea.modules.python.mssql.cmd', dionaeaModulesPythonMssqlCmd],
  ['dionaea.modules.python.mysql.login', dionaeaModulesPythonMysqlLogin],
  ['dionaea.modules.python.mysql.command', dionaeaModulesPythonMysqlCommand],
  ['dionaea.modules.python.ftp.command', dionaeaModulesPythonFtpCommand],
  ['dionaea.modules.python.ftp.login', dionaeaModulesPythonFtpLogin],
  ['dionaea.modules.python.mqtt.connect', dionaeaModulesPythonMqttConnect],
  ['dionaea.modules.python.mqtt.publish', dionaeaModulesPythonMqttPublish],
  ['dionaea.modules.python.mqtt.subscribe', dionaeaModulesPythonMqttSubscribe],
  ['dionaea.modules.python.pptp.connect', dionaeaModulesPythonPptpConnect],
  ['dionaea.modules.python.sip.command', dionaeaModulesPythonSipCommand],
  ['dionaea.modules.python.printer.print', dionaeaModulesPythonPrinterPrint],
  ['dionaea.modules.python.http.request', dionaeaModulesPythonHttpRequest],
  ['dionaea.modules.python.nbns.query', dionaeaModulesPythonNbnsQuery],
  ['dionaea.modules.python.nbns.malformed', dionaeaModulesPythonNbnsMalformed],
  ['dionaea.modules.python.snmp.request', dionaeaModulesPythonSnmpRequest],
  ['dionaea.modules.python.snmp.trap', dionaeaModulesPythonSnmpRequest],
  ['ihandler.handler.failed', ihandlerHandlerFailed],
  ['ihandler.incident.forgotten', dionaeaXmatchDetected],
]);
