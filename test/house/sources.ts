import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** One file of src/, as the rules of the house see it. Paths are relative to src/. */
export interface Source {
  readonly path: string;
  /** First folder, or the file itself where it lies at the top: `oci`, `cli.ts`. */
  readonly room: string;
  /** Files of src/ that it imports, types included. */
  readonly imports: readonly string[];
  /** Packages and `node:` modules that it imports. */
  readonly packages: readonly string[];
  /** Its text without comments. */
  readonly code: string;
}

export function readSources(): Source[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => readSource(path, readFileSync(join(root, 'src', path), 'utf8')));
}

export function readSource(path: string, text: string): Source {
  const code = withoutComments(text);
  const specifiers = importedBy(code);
  const isOwn = (specifier: string) => specifier.startsWith('.');
  return {
    path,
    room: roomOf(path),
    imports: specifiers.filter(isOwn).map((own) => posix.join(dirname(path), own)),
    packages: specifiers.filter((specifier) => !isOwn(specifier)),
    code,
  };
}

export const roomOf = (path: string): string => path.split('/')[0] ?? path;

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`. */
function importedBy(code: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g;
  return [...code.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Line comments are cut only where they cannot be the `//` of a URL in a string. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}
