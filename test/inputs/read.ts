import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readBundleSpec } from '../../src/inputs/bundle-file.ts';
import type { Given } from '../../src/inputs/overrides.ts';
import type { BundleSpec } from '../../src/inputs/spec.ts';
import { failuresIn } from '../../src/report/error.ts';
import { errorText } from '../../src/report/error-text.ts';
import type { Event } from '../../src/report/events.ts';

/** A bundle.yaml with a line a required field, so that a test can change one. */
export const minimal = `apiVersion: airgap-bundle/v1
name: pcg
version: 1.4.0
images: [nginx:1.27]
ociImageRegistry:
  endpoint: harbor.example.org
  name: harbor
  baseContentPath: airgap
  mirrorRegistries: docker.io::harbor.example.org/airgap/docker.io
`;

/** `minimal` with the line of one field replaced, or left out. */
export function withLine(field: string, line: string): string {
  const changed = minimal.replace(new RegExp(`^( *)${field}:.*\\n`, 'm'), (_, indent: string) =>
    line === '' ? '' : `${indent}${line}\n`,
  );
  if (changed === minimal) throw new Error(`bundle.yaml has no line ${field}, or it is this`);
  return changed;
}

export interface Setting {
  /** Further files, by path beside bundle.yaml (`../` leads out of its folder). */
  readonly files?: Readonly<Record<string, string>>;
  readonly flags?: Given;
  readonly env?: Readonly<Record<string, string>>;
  /** False: there is no bundle.yaml, and none is named. */
  readonly file?: boolean;
  /** Default: 1970. */
  readonly now?: () => Date;
}

export interface Read {
  readonly spec: BundleSpec | undefined;
  /** The errors as the terminal shows them, folders shortened to `DIR`. */
  readonly error: string;
  readonly warnings: readonly string[];
  readonly events: readonly Event[];
}

/** Reads `DIR/bundle/bundle.yaml` with `DIR` as the working folder, and keeps nothing of it. */
export async function read(text: string, setting: Setting = {}): Promise<Read> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  const events: Event[] = [];
  const context = {
    env: setting.env ?? {},
    cwd: folder,
    temporary: folder,
    now: setting.now ?? (() => new Date(0)),
    signal: new AbortController().signal,
    emit: (event: Event) => void events.push(event),
  };
  const named = setting.file === false ? {} : { file: 'bundle/bundle.yaml' };
  try {
    const files = named.file ? { 'bundle.yaml': text, ...setting.files } : (setting.files ?? {});
    for (const [path, content] of Object.entries(files)) {
      const at = join(folder, 'bundle', path);
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, content);
    }
    const spec = await readBundleSpec({ ...named, given: setting.flags ?? {} }, context);
    return { spec: shortened(spec, folder), error: '', warnings: warningsOf(events), events };
  } catch (thrown) {
    const failures = failuresIn(thrown);
    if (failures.length === 0) throw thrown;
    const error = failures.map(errorText).join('\n').replaceAll(folder, 'DIR');
    return { spec: undefined, error, warnings: warningsOf(events), events };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The spec of an input that must be right. */
export async function readSpec(text: string, setting: Setting = {}): Promise<BundleSpec> {
  const { spec, error } = await read(text, setting);
  if (!spec) throw new Error(error);
  return spec;
}

function shortened(spec: BundleSpec, folder: string): BundleSpec {
  return JSON.parse(JSON.stringify(spec).replaceAll(folder, 'DIR')) as BundleSpec;
}

function warningsOf(events: readonly Event[]): string[] {
  return events.flatMap((event) => (event.kind === 'warning' ? [event.message] : []));
}
