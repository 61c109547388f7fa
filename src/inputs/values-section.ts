import { dirname, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { printEntries } from '../mirror-map/print.ts';
import { AirgapError } from '../report/error.ts';
import { readText } from './files.ts';
import { parseMapping } from './mapping.ts';

type Mapping = Record<string, unknown>;

/** What the values of an image-swap chart say of the target. */
export interface ValuesSection {
  /** As bundle.yaml has it; paths are absolute. */
  readonly ociImageRegistry: Mapping;
  readonly isEKSCluster?: boolean;
  /** Fields of the section that were not taken. */
  readonly leftOut: readonly string[];
}

const valuesFile = 'the values file';

/**
 * Reads the `ociImageRegistry` section of a values.yaml, at the top or under `config:`. No credential in it is taken.
 * @throws AirgapError usage for a file without the section, or one whose placeholders were not replaced; io
 */
export async function readValuesSection(path: string, context: Context): Promise<ValuesSection> {
  const file = resolve(context.cwd, path);
  const values = parseMapping(
    await readText(file, valuesFile),
    file,
    valuesFile,
    'ociImageRegistry:',
  );
  const section = sectionIn(values, file);
  hideCredentials(section, context);
  const entries = Object.entries(section).filter(([, value]) => value !== null && value !== '');
  const ours = entries.filter(([key]) => fields.includes(key));
  refusePlaceholders(ours, file);
  const isEKSCluster = eksIn(values);
  return {
    ociImageRegistry: Object.fromEntries(
      ours.map(([key, value]) => [key, taken(key, value, dirname(file))]),
    ),
    ...(isEKSCluster === undefined ? {} : { isEKSCluster }),
    leftOut: entries.map(([key]) => key).filter((key) => !fields.includes(key)),
  };
}

const fields = [
  'endpoint',
  'name',
  'baseContentPath',
  'insecureSkipVerify',
  'caCert',
  'mirrorRegistries',
];

function sectionIn(values: Mapping, file: string): Mapping {
  const section = values.ociImageRegistry ?? within(values.config).ociImageRegistry;
  if (isMapping(section)) return section;
  throw new AirgapError('usage', `${valuesFile} has no section ociImageRegistry`, {
    given: file,
    expected: 'ociImageRegistry: {endpoint: …, mirrorRegistries: …}, at the top or under config:',
    next: 'give the values of an image-swap chart, or --endpoint in place of --from',
  });
}

/** Whatever is printed from here on. */
function hideCredentials({ password }: Mapping, { emit }: Context): void {
  if (password) emit({ kind: 'secret', value: String(password) });
}

/** The vendor's template has such words; some of them would pass for values. */
function refusePlaceholders(entries: readonly [string, unknown][], file: string): void {
  const left = entries.filter(([, value]) => String(value).includes('REPLACE_WITH_'));
  if (left.length === 0) return;
  throw new AirgapError('usage', `${valuesFile} still has placeholders`, {
    given: `${file}: ${left.map(([key]) => key).join(', ')}`,
    expected: 'values in their place',
    next: 'fill them in there, and run init again',
  });
}

function taken(key: string, value: unknown, folder: string): unknown {
  if (key === 'mirrorRegistries') return mapEntries(value);
  if (key === 'insecureSkipVerify' && typeof value === 'string') return value === 'true';
  if (key === 'caCert' && typeof value === 'string' && !value.includes('-----BEGIN'))
    return resolve(folder, value);
  return value;
}

/** An entry a line is easier to review. What the webhook would ignore stays as it is, to be refused with its place. */
function mapEntries(value: unknown): unknown {
  if (isMapping(value))
    return Object.entries(value).map(([source, target]) => `${source}::${target ?? ''}`);
  if (typeof value !== 'string') return value;
  const { entries, problems } = parseMirrorMap(value);
  const isWhole = problems.every(({ severity }) => severity === 'warning');
  return isWhole ? entries.map((entry) => printEntries([entry])) : value;
}

function eksIn(values: Mapping): boolean | undefined {
  const { isEKSCluster } = within(within(values.config).imageSwapConfig);
  return typeof isEKSCluster === 'boolean' ? isEKSCluster : undefined;
}

function within(value: unknown): Mapping {
  return isMapping(value) ? value : {};
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
