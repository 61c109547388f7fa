import { dirname, join, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { isThere, writeNewFile } from '../disk/new-file.ts';
import { checkDocument } from '../inputs/bundle-file.ts';
import { bundleYaml } from '../inputs/bundle-yaml.ts';
import { newDocument } from '../inputs/new-document.ts';
import type { Given } from '../inputs/overrides.ts';
import { bundleJsonSchema } from '../inputs/schema.ts';
import { readValuesSection } from '../inputs/values-section.ts';
import { AirgapError } from '../report/error.ts';

export interface InitOptions {
  /** Where bundle.yaml goes, relative to the context's folder. */
  readonly out: string;
  /** Path of the values.yaml of an image-swap chart. */
  readonly from?: string | undefined;
  /** Settings by name, as flags or answers say them; they win over the values. */
  readonly given: Given;
}

export interface InitResult {
  /** Absolute path. */
  readonly file: string;
  /** Absolute paths of what was written: the file, and beside it what it names and was not there. */
  readonly written: readonly string[];
  /** Fields of the values that were not taken. */
  readonly leftOut: readonly string[];
  /** Absolute path of the list that the images belong into, where none were named. */
  readonly emptyList: string | null;
  /** The key that will sign, as the file names it; null: it is to be unsigned. */
  readonly key: string | null;
}

const schemaName = 'bundle.schema.json';

/**
 * `init`: writes a commented bundle.yaml, from the values of an image-swap chart or from settings alone. What it would
 * hold is checked as `plan` does, before anything is written. Contacts nothing.
 * @throws AirgapError or Failures of class usage, also where the file is there already; io
 */
export async function runInit(options: InitOptions, context: Context): Promise<InitResult> {
  const file = await newBundleFile(options.out, context);
  const values = options.from ? await readValuesSection(options.from, context) : undefined;
  if (!values && options.given.endpoint === undefined) throw nothingGiven();
  const document = await newDocument(values, options.given, file, context);
  const emptyList = document.images === undefined ? join(dirname(file), 'images.txt') : null;
  const whole = { ...document, images: document.images ?? [{ list: './images.txt' }] };
  await checkDocument(
    { ...whole, ...(emptyList ? { images: ['a:1'] } : {}) },
    file,
    options.given,
    context,
  );
  const written = await writeAll(file, bundleYaml(whole, `./${schemaName}`), emptyList);
  const { key = null } = document.signing ?? {};
  return { file, written, leftOut: values?.leftOut ?? [], emptyList, key };
}

/** @throws AirgapError usage where something has that name */
export async function newBundleFile(out: string, { cwd }: Pick<Context, 'cwd'>): Promise<string> {
  const file = resolve(cwd, out);
  if (await isThere(file)) throw alreadyThere(file);
  return file;
}

function alreadyThere(file: string): AirgapError {
  return new AirgapError('usage', 'there is a file already; init overwrites none', {
    given: file,
    expected: 'a path where nothing is',
    next: 'choose another one with --out, or move it away',
  });
}

function nothingGiven(): AirgapError {
  return new AirgapError('usage', 'there is nothing to make a bundle file of', {
    given: 'neither --from nor --endpoint, and no terminal to ask on',
    expected:
      'init --from values.yaml, or init --endpoint HOST --base-content-path PATH --images-file FILE',
    next: 'see airgap-bundle init --help for every flag',
  });
}

/** The bundle file comes last: it names the others. */
async function writeAll(file: string, text: string, emptyList: string | null): Promise<string[]> {
  const written: string[] = [];
  const write = async (path: string, content: string): Promise<boolean> => {
    const isNew = await writeNewFile(path, content);
    if (isNew) written.push(path);
    return isNew;
  };
  await write(join(dirname(file), schemaName), `${JSON.stringify(bundleJsonSchema(), null, 2)}\n`);
  if (emptyList) await write(emptyList, '# The images that the cluster needs, one a line.\n');
  if (!(await write(file, text))) throw alreadyThere(file);
  return written;
}
