import { load, YAMLException } from 'js-yaml';
import { AirgapError } from '../report/error.ts';

/**
 * Reads YAML, or JSON, that must be a mapping.
 * @param what the file's role in messages: `the bundle file`
 * @param start of such a file
 * @throws AirgapError usage, with line and column where the text is no YAML
 */
export function parseMapping(
  text: string,
  path: string,
  what: string,
  start: string,
): Record<string, unknown> {
  const isEmpty = text.replaceAll(/^\s*#.*$/gm, '').trim() === '';
  const document = isEmpty ? undefined : parseYaml(text, path, what);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw new AirgapError('usage', `${what} holds no mapping`, {
    given: path,
    expected: `YAML that starts with \`${start}\``,
  });
}

function parseYaml(text: string, path: string, what: string): unknown {
  try {
    return load(text);
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const at = cause.mark ? `:${cause.mark.line + 1}:${cause.mark.column + 1}` : '';
    throw new AirgapError('usage', `${what} is not valid YAML: ${cause.reason}`, {
      given: `${path}${at}`,
      place: cause.mark
        ? { file: path, line: cause.mark.line + 1, column: cause.mark.column + 1 }
        : { file: path },
      next: 'correct the file there',
      cause,
    });
  }
}
