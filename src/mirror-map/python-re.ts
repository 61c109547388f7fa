import { PythonError } from './python.ts';

/**
 * Python's `re.sub(pattern, template, text)`: every match of the pattern gives way to the template.
 *
 * Sources of a map are host names, so of Python's dialect only what such a text can hold by accident is
 * known: dots, anchors, sets, groups, quantifiers, escapes. Extensions that begin with `(?` are refused.
 *
 * @throws PythonError `error` for what Python's compiler refuses, `IndexError` for an unknown group's name
 */
export function substitute(pattern: string, template: string, text: string): string {
  const { source, groups } = translate(pattern);
  const parts = templateParts(template, groups);
  return text.replace(compile(source), (...match: (string | undefined)[]) =>
    parts.map((part) => (typeof part === 'string' ? part : (match[part] ?? ''))).join(''),
  );
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'g');
  } catch (cause) {
    throw failed(String(cause));
  }
}

interface Translated {
  readonly source: string;
  readonly groups: number;
}

/** What a quantifier would stand after. */
type Before = 'nothing' | 'item' | 'quantifier';

/** The pattern in JavaScript's dialect, which is laxer on escapes and stricter on brackets. */
function translate(pattern: string): Translated {
  let [source, groups, open, at] = ['', 0, 0, 0];
  let before: Before = 'nothing';
  while (at < pattern.length) {
    const token = tokenAt(pattern, at);
    at += token.length;
    if (token === '(') groups++;
    if (token.startsWith('(')) open++;
    if (token === ')' && --open < 0) throw failed('unbalanced parenthesis');
    const kind = kindOf(token);
    if (kind === 'quantifier' && before !== 'item') throw failed('nothing to repeat');
    source += inJavaScript(token, kind, groups);
    before = kind;
  }
  if (open > 0) throw failed('unterminated subpattern');
  return { source, groups };
}

const quantifier = /(?:[*+?]|\{(?:[0-9]+(?:,[0-9]*)?|,[0-9]*)\})\??/y;
const opening = /\((?:\?(?:[:=!]|<[=!]))?/y;

/** The next piece of the pattern that means one thing. */
function tokenAt(pattern: string, at: number): string {
  const character = pattern.charAt(at);
  if (character === '\\') return escapeAt(pattern, at);
  if (character === '[') return pattern.slice(at, setEnd(pattern, at));
  const [longer] = sticky(quantifier, pattern, at) ?? sticky(opening, pattern, at) ?? [character];
  if (longer === '(' && pattern[at + 1] === '?') throw failed('unknown extension');
  return longer;
}

function sticky(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}

function kindOf(token: string): Before {
  if (/^(?:[*+?]|\{.+\})/.test(token)) return 'quantifier';
  return /^(?:[\^$|(]|\\[bBAZ]$)/.test(token) ? 'nothing' : 'item';
}

function inJavaScript(token: string, kind: Before, groups: number): string {
  if (token === '.') return '[^\\n]';
  if (token === '$') return '(?=\\n?(?![^]))';
  if (token === '\\a') return '\\x07';
  if (token === '\\A') return '^';
  if (token === '\\Z') return '(?![^])';
  if (token.startsWith('[') && token.length > 1) return setInJavaScript(token);
  if (/^\\[1-9]/.test(token) && Number(token.slice(1)) > groups) throw failed('invalid group');
  if (kind === 'quantifier') return token.replace('{,', '{0,');
  return /^[\]{}/]$/.test(token) ? `\\${token}` : token;
}

const knownEscape =
  /\\(?:[1-9][0-9]?|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[dDsSwWbBAZafnrtv]|[^0-9A-Za-z])/sy;

function escapeAt(pattern: string, at: number): string {
  const [found] = sticky(knownEscape, pattern, at) ?? [];
  if (found === undefined) throw failed(`bad escape ${pattern.slice(at, at + 2)}`);
  return found;
}

/** After the set that opens at `at`; a `]` that comes first belongs to it. */
function setEnd(pattern: string, at: number): number {
  let end = pattern[at + 1] === '^' ? at + 2 : at + 1;
  if (pattern[end] === ']') end++;
  while (end < pattern.length && pattern[end] !== ']') {
    end += pattern[end] === '\\' ? escapeAt(pattern, end).length : 1;
  }
  if (end >= pattern.length) throw failed('unterminated character set');
  return end + 1;
}

function setInJavaScript(set: string): string {
  const [, open = '', inside = ''] = /^(\[\^?)(.*)\]$/s.exec(set) ?? [];
  return `${open}${inside.replace(/^\]/, '\\]')}]`;
}

const templateEscape =
  /\\(?:(?<octal>0[0-7]{0,2}|[0-3][0-7]{2})|(?<group>[1-9][0-9]?)|g<(?<name>[^>]*)>|(?<other>.))?/gs;
const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** The template cut at its escapes: texts, and the numbers of groups. */
function templateParts(template: string, groups: number): (string | number)[] {
  const parts: (string | number)[] = [];
  let end = 0;
  for (const match of template.matchAll(templateEscape)) {
    parts.push(template.slice(end, match.index), templatePart(match, groups));
    end = match.index + match[0].length;
  }
  return [...parts, template.slice(end)];
}

function templatePart(match: RegExpExecArray, groups: number): string | number {
  const { octal, group, name, other } = match.groups ?? {};
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  if (group !== undefined) return groupNumber(group, groups);
  if (name !== undefined) return namedGroup(name, groups);
  if (other === undefined) throw failed('bad escape (end of pattern)');
  const control = controls[other];
  if (control === undefined && /[A-Za-z]/.test(other)) throw failed(`bad escape \\${other}`);
  return control ?? `\\${other}`;
}

function namedGroup(name: string, groups: number): number {
  if (/^[0-9]+$/.test(name)) return groupNumber(name, groups);
  if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) throw new PythonError('IndexError', 'unknown group');
  throw failed('bad character in group name');
}

function groupNumber(text: string, groups: number): number {
  if (Number(text) > groups) throw failed(`invalid group reference ${text}`);
  return Number(text);
}

function failed(message: string): PythonError {
  return new PythonError('error', message);
}
