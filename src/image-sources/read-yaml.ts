import { parseEvents, YAMLException } from 'js-yaml';
import { AirgapError } from '../report/error.ts';
import { buildTrees } from './build-tree.ts';
import type { Node } from './node.ts';

export interface YamlDocument {
  readonly root: Node;
  /** The comment lines that stand before its content. */
  readonly heading: string;
  /** The first line of its part of the file, from 1. */
  readonly line: number;
}

export interface ReadYaml {
  readonly documents: readonly YamlDocument[];
  /** What is no YAML, a document each, with file and line. */
  readonly errors: readonly AirgapError[];
}

/**
 * Reads every document of a text, YAML or JSON. One that cannot be read does not keep the others from it.
 * @param name of the file in messages
 */
export function readYaml(text: string, name: string): ReadYaml {
  const documents: YamlDocument[] = [];
  const errors: AirgapError[] = [];
  for (const read of eachDocument(text, name)) {
    if (read instanceof AirgapError) errors.push(read);
    else documents.push(read);
  }
  return { documents, errors };
}

/** One after the other, so that a large text is not in memory as a whole: a document, or why it is none. */
export function* eachDocument(text: string, name: string): Generator<YamlDocument | AirgapError> {
  for (const part of splitDocuments(text.replace(/^\uFEFF/, ''))) {
    try {
      const heading = headingOf(part.text);
      const roots = buildTrees(part.text, parseEvents(part.text, { maxDepth }), part.line);
      for (const root of roots) yield { root, heading, line: part.line };
    } catch (cause) {
      yield notYaml(cause, name, part.line);
    }
  }
}

/** Definitions nest deeper than js-yaml lets a document by itself. */
const maxDepth = 300;

interface Part {
  readonly text: string;
  /** Its first line in the whole, from 1. */
  readonly line: number;
}

/** A line that begins with `---` ends a document wherever it stands; a directive belongs to the next one. */
function splitDocuments(text: string): Part[] {
  if (/^%/m.test(text)) return [{ text, line: 1 }];
  const parts: Part[] = [];
  let line = 1;
  for (const part of text.split(/^(?=---(?:\s|$))/m)) {
    if (part.replaceAll(/^(?:---)?\s*(?:#.*)?$/gm, '').trim() !== '')
      parts.push({ text: part, line });
    line += lineBreaks(part);
  }
  return parts;
}

function lineBreaks(text: string): number {
  let found = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) found++;
  return found;
}

function headingOf(text: string): string {
  return /^(?:---[^\n]*\n)?((?:[ \t]*(?:#[^\n]*)?\n)*)/.exec(text)?.[1] ?? '';
}

function notYaml(cause: unknown, name: string, firstLine: number): AirgapError {
  if (cause instanceof YAMLException) {
    const { mark, reason } = cause;
    const at = mark ? `:${firstLine + mark.line}:${mark.column + 1}` : `:${firstLine}`;
    const given = `${name}${at}`;
    return new AirgapError('usage', `not valid YAML: ${reason}`, {
      given,
      next: 'correct the file there',
      cause,
    });
  }
  if (cause instanceof RangeError) {
    const given = `${name}:${firstLine}`;
    return new AirgapError('usage', `YAML that cannot be read: ${cause.message}`, {
      given,
      next: 'correct the file there',
      cause,
    });
  }
  throw cause;
}
