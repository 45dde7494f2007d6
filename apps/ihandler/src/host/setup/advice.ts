import { join, relative, resolve } from 'node:path';
import { type Offer, offersNamed } from '../discovery/contributions.ts';
import { optionsOf } from '../discovery/option-schema.ts';
import type { DionaeaInstallation } from './read-installation.ts';

/** A file that a dionaea writes incidents to. */
interface Written {
  /** The URL, as it is in the configuration. */
  readonly url: string;
  /** Where dionaea really writes. */
  readonly path: string;
  /** Where whoever wrote the URL wanted it; the same path when the URL is right. */
  readonly meant: string;
}

/**
 * Where `file://` URLs lead. dionaea takes what stands after the host for the path: with two slashes the first folder is
 * taken for a host and lost.
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

/** How incidents get out of this dionaea, with what is wrong about how they do now. */
function writing(dionaea: DionaeaInstallation): readonly string[] {
  const written = writtenTo(dionaea);
  const right = written.find(({ path, meant }) => path === meant);
  if (right !== undefined) return [`It writes its incidents already, to ${right.path}.`];
  const target = written[0]?.meant ?? join(dionaea.state, 'dionaea_incident.json');
  const wrong = written.map(
    ({ url, path, meant }) =>
      `${url} has two slashes where it needs three: dionaea writes that to ${path}, not to ${meant}.`,
  );
  const file = join(dionaea.enabled, `log_incident.${dionaea.syntax}`);
  const relativePath = relative(dionaea.root, target);
  return [
    ...wrong,
    `For dionaea to write its incidents, let this be ${file}, and restart it:`,
    '',
    ...block(dionaea, target),
    '',
    'The path is absolute, after three slashes. With the relative path that dionaea ships,',
    `file://${relativePath}, it would write to /${relativePath.split('/').slice(1).join('/')} instead.`,
  ];
}

function takenOver(dionaea: DionaeaInstallation, offers: readonly Offer<'handlers'>[]): readonly string[] {
  if (dionaea.ihandlers.length === 0) return [`No ihandler is enabled in ${dionaea.enabled}.`];
  const names = [...new Set(dionaea.ihandlers.map(({ name }) => name))].filter(
    (name) => name !== 'log_incident',
  );
  const found = names.map((name) => ({ name, offer: offersNamed(offers, name)[0] }));
  const here = found.flatMap(({ name, offer }) =>
    offer ? [`  ${name}: ${offer.name} of ${offer.package.name}`] : [],
  );
  const rest = found.flatMap(({ name, offer }) => (offer ? [] : [name]));
  return [
    here.length > 0
      ? 'Of its ihandlers, these can run here, with the options they have:'
      : 'None of its ihandlers is installed here.',
    ...here,
    ...(rest.length > 0 ? [`Not installed here: ${rest.join(', ')}.`] : []),
    ...(here.length > 0
      ? [
          '',
          'To take them over, write into a configuration:',
          '',
          `include: [${JSON.stringify(join(dionaea.enabled, `*.${dionaea.syntax}`))}]`,
          '',
          'Relative paths in those files start at their folder then.',
        ]
      : []),
  ];
}

/** How to go on from what it writes, as it writes it. */
function following(dionaea: DionaeaInstallation, sources: readonly Offer<'sources'>[]): readonly string[] {
  const live = sources.filter(({ spec }) => spec.live);
  const name = live.find(({ spec }) => optionsOf(spec.options).some(([option]) => option === 'file'));
  const written = writtenTo(dionaea)[0]?.meant ?? join(dionaea.state, 'dionaea_incident.json');
  const also = live
    .filter((offer) => offer !== name)
    .map((offer) => `  ${offer.name}: ${offer.spec.summary}`);
  return [
    'To run beside it, following that file: in a configuration (ihandler init writes one)',
    '',
    'sources:',
    `  - name: ${name?.name ?? 'a live source, of which none is installed here'}`,
    ...(name === undefined ? [] : ['    config:', `      file: ${JSON.stringify(written)}`]),
    '',
    'and then: ihandler check -c FILE.yaml && ihandler run -c FILE.yaml',
    ...(also.length > 0 ? ['Other live sources that are installed here:', ...also] : []),
  ];
}

/** What to do with a dionaea so that its incidents come here. */
export function dionaeaAdvice(
  dionaea: DionaeaInstallation,
  offers: readonly Offer<'handlers'>[],
  sources: readonly Offer<'sources'>[],
): readonly string[] {
  return [
    `dionaea, configured in ${dionaea.file}`,
    '',
    ...writing(dionaea),
    '',
    ...takenOver(dionaea, offers),
    '',
    ...following(dionaea, sources),
    ...dionaea.broken.flatMap((problem) => ['', ...`Passed over: ${problem}`.split('\n')]),
  ];
}
