import type { BundleDiff } from '../commands/diff.ts';
import type { Difference } from '../plan/difference.ts';
import type { TargetDifference } from '../plan/target-difference.ts';
import { short } from './diff-parts.ts';

export function platformList(platforms: readonly string[]): string {
  return platforms.join(',') || 'all platforms';
}

export function chartRows({ chart }: Pick<BundleDiff, 'chart'>): string[][] {
  if (!chart) return [];
  const words = (one: typeof chart.from) =>
    one ? `${one.name} ${one.version} ${short(one.digest)}` : 'none';
  return [[words(chart.from), `to ${words(chart.to)}`]];
}

const alarms: Readonly<Record<string, string>> = {
  plainHttp: 'NO LONGER ENCRYPTED',
  insecureSkipVerify: 'CERTIFICATES ARE NO LONGER CHECKED',
};

export function targetRows({ changed }: TargetDifference): string[][] {
  const shown = (field: string, value: string) =>
    value === '' ? 'none' : field === 'caCert' ? short(value) : value;
  return changed.map(({ field, from, to }) => [
    field,
    shown(field, from),
    `to ${shown(field, to)}`,
    to === 'true' ? (alarms[field] ?? '') : '',
  ]);
}

export function mapRows({ map }: TargetDifference): string[][] {
  return [
    ...map.added.map(({ key, value }) => ['added', `${key}::${value}`]),
    ...map.removed.map(({ key, value }) => ['removed', `${key}::${value}`]),
    ...map.changed.map(({ key, from, to }) => [
      'changed',
      `${key}::${from}`,
      `to ${to || 'no swap'}`,
    ]),
    ...(map.reordered
      ? [['changed', 'the order of [REPLACE] rules, which the webhook keeps']]
      : []),
  ];
}

const credentialWords = {
  embed: 'the pull credential IN CLEAR TEXT',
  age: 'the pull credential, encrypted by age',
} as const;

export function contentRows(diff: Difference & Pick<BundleDiff, 'secretKeys'>): string[][] {
  const { platforms, credentials, files, tool } = diff;
  const carried = (how: 'embed' | 'age' | null) => (how ? credentialWords[how] : 'none');
  return [
    ...(platforms
      ? [['platforms', `${platformList(platforms.from)} to ${platformList(platforms.to)}`]]
      : []),
    ...(credentials
      ? [['credential', `${carried(credentials.from)} to ${carried(credentials.to)}`]]
      : []),
    ...files.added.map((path) => ['added', path]),
    ...files.removed.map((path) => ['removed', path]),
    ...files.changed.map((path) => ['changed', path, aboutFile(path, diff)]),
    ...(tool ? [['made by', `airgap-bundle ${tool.from} to ${tool.to}`]] : []),
  ];
}

function aboutFile(path: string, { secretKeys }: Pick<BundleDiff, 'secretKeys'>): string {
  if (path === 'registry-secret.yaml')
    return secretKeys?.join(', ') ?? 'with --key its keys are named';
  return path === 'credentials.tsv.age' ? 'encrypted, and so another each time' : '';
}
