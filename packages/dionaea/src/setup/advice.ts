import { join, relative, resolve } from 'node:path';
import type { SensorModule } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { rootOf } from '../map-path.ts';
import { handlerLines } from './handler-lines.ts';
import type { DionaeaInstallation } from './read-installation.ts';

type Installed = Parameters<NonNullable<SensorModule['explain']>>[1];
type InstalledSource = Installed['sources'][number];

/** A file that dionaea writes incidents to. */
interface Written {
  /** The URL, as it is in the configuration. */
  readonly url: string;
  /** Where dionaea writes in fact. */
  readonly path: string;
  /** The path that the author of the URL meant; equal to `path` when the URL is correct. */
  readonly meant: string;
}

/**
 * The paths of `file://` URLs. dionaea uses what follows the host as the path: with two slashes the first folder counts as
 * the host and is lost.
 */
function writtenTo({ ihandlers, root }: DionaeaInstallation): readonly Written[] {
  const handlers = ihandlers
    .filter(({ name }) => name === 'log_incident')
    .map(({ config }) => config['handlers']);
  return handlers.flat().flatMap((url) => {
    const [, host, path] = (typeof url === 'string' && /^file:\/\/([^/]*)(\/.*)?$/.exec(url)) || [];
    if (typeof url !== 'string' || host === undefined) return [];
    const meant = host === '' ? (path ?? '/') : resolve(root, `${host}${path ?? ''}`);
    return [{ url, path: path ?? '/', meant }];
  });
}

function block({ syntax }: DionaeaInstallation, path: string): readonly string[] {
  const url = JSON.stringify(`file://${path}`);
  return syntax === 'toml'
    ? ['name = "log_incident"', '', '[config]', `handlers = [${url}]`]
    : ['- name: log_incident', '  config:', '    handlers:', `      - ${url}`];
}

/** How dionaea must write its incidents, and the errors in its configuration. */
function writingLines(dionaea: DionaeaInstallation): readonly string[] {
  const written = writtenTo(dionaea);
  const correct = written.find(({ path, meant }) => path === meant);
  if (correct !== undefined) return [`It already writes its incidents to ${correct.path}.`];
  const target = written[0]?.meant ?? join(dionaea.state, 'dionaea_incident.json');
  const errors = written.map(
    ({ url, path, meant }) =>
      `${url} has two slashes where it needs three: dionaea writes that to ${path}, not to ${meant}.`,
  );
  const file = join(dionaea.enabled, `log_incident.${dionaea.syntax}`);
  const relativePath = relative(dionaea.root, target);
  return [
    ...errors,
    `To make dionaea write its incidents, save this as ${file} and restart it:`,
    '',
    ...block(dionaea, target),
    '',
    'The path must be absolute, after three slashes. With the relative path that dionaea ships,',
    `file://${relativePath}, it would write to /${relativePath.split('/').slice(1).join('/')} instead.`,
  ];
}

/** How to follow the file that dionaea writes. */
function followingLines(
  dionaea: DionaeaInstallation,
  sources: readonly InstalledSource[],
): readonly string[] {
  const live = sources.filter(({ spec }) => spec.live);
  const follower = live.find(
    ({ spec }) => isRecord(spec.options['properties']) && 'file' in spec.options['properties'],
  );
  const written = writtenTo(dionaea)[0]?.meant ?? join(dionaea.state, 'dionaea_incident.json');
  const also = live
    .filter((source) => source !== follower)
    .map((source) => `  ${source.name}: ${source.spec.summary}`);
  const isRootKnown = rootOf({ file: written, root: undefined, remote: false }) === dionaea.root;
  const root = isRootKnown ? [] : [`      root: ${JSON.stringify(dionaea.root)}`];
  return [
    'To follow that file, add to a configuration (ihandler init creates one):',
    '',
    'sources:',
    `  - name: ${follower?.name ?? 'a live source (none is installed here)'}`,
    ...(follower === undefined ? [] : ['    config:', `      file: ${JSON.stringify(written)}`, ...root]),
    '',
    'Then run: ihandler check -c FILE.yaml && ihandler run -c FILE.yaml',
    ...(also.length > 0 ? ['Other installed live sources:', ...also] : []),
  ];
}

/** How to connect a dionaea: how it must write its incidents, which of its ihandlers can run here, which source to use. */
export function explainInstallation(
  dionaea: DionaeaInstallation,
  handlers: Installed['handlers'],
  sources: readonly InstalledSource[],
): readonly string[] {
  return [
    `dionaea, configured in ${dionaea.file}`,
    '',
    ...writingLines(dionaea),
    '',
    ...handlerLines(dionaea, handlers),
    '',
    ...followingLines(dionaea, sources),
    ...dionaea.broken.flatMap((problem) => ['', ...`Skipped: ${problem}`.split('\n')]),
  ];
}
