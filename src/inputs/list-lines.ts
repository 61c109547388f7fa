import { parseReference } from '../oci/reference.ts';
import { AirgapError } from '../report/error.ts';
import type { ListedImage } from './spec.ts';

/**
 * Nothing of the text is told: manifests that are given as a list may hold passwords.
 * @param name how the list is called in messages
 * @throws AirgapError usage for YAML and JSON
 */
export function refuseDocument(text: string, name: string): void {
  const lines = text.split(/\r?\n/).filter((line) => /^\s*[^#\s]/.test(line));
  const begins = /^(?:---|%YAML|\s*[{[])/.test(lines[0] ?? '');
  if (!begins && !lines.some(beginsText) && lines.filter(isEntry).length < 2) return;
  throw new AirgapError('usage', `${name} looks like YAML or JSON, not like a list of images`, {
    given: name,
    expected: 'one image a line, and nothing else in it',
    next: 'for manifests write {manifests: FILE} in images of bundle.yaml',
  });
}

/** `key: value`, `key:`, `- item`. */
function isEntry(line: string): boolean {
  return /^\s*(?:-\s|(?:-\s+)?["']?[^\s"':]+["']?\s*:(?:\s|$))/.test(line);
}

/** `key: |` */
function beginsText(line: string): boolean {
  return /:\s+[|>][-+\d]*\s*$/.test(line);
}

/**
 * Of a line that no grammar accepts only its beginning is told.
 * @param field of bundle.yaml
 * @throws AirgapError usage with the first of them
 */
export function refuseOddLines(images: readonly ListedImage[], field: string): void {
  const odd = images.filter(({ image }) => !isName(image));
  if (odd.length === 0) return;
  const told = odd.slice(0, mostTold).map(({ origin, image }) => `${origin} (${beginOf(image)})`);
  const others = odd.length > mostTold ? ` and ${odd.length - mostTold} more` : '';
  const what =
    odd.length === 1 ? 'a line is no image name' : `${odd.length} lines are no image names`;
  throw new AirgapError('usage', `${field}: ${what}`, {
    given: `${told.join(', ')}${others}`,
    expected: 'host/path:tag or host/path@sha256:…, the path in lower case',
    next: 'correct the names',
    place: odd[0]?.place,
  });
}

const mostTold = 5;

function isName(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch (cause) {
    if (cause instanceof RangeError) return false;
    throw cause;
  }
}

/** Up to where a tag, a value or a password would begin. */
function beginOf(text: string): string {
  const [begin = ''] = /^[A-Za-z0-9._/-]{0,12}/.exec(text) ?? [];
  return begin === text ? begin : `${begin}…`;
}
