import { exitCodes } from '../../src/report/error.ts';
import { explanations } from './explanations.ts';
import { type MadeError, madeErrors, repeaters } from './made-errors.ts';
import { type PlanProblem, planProblems } from './plan-problems.ts';
import { type ShellError, shellErrors } from './shell-errors.ts';
import { readModules } from './syntax.ts';
import { distinct, shown, type Text } from './text.ts';

/** An error as it is documented: the same words with the same code are one, wherever they are made. */
export interface Entry {
  /** Where it is linked to; stays while its words do. */
  readonly anchor: string;
  readonly by: 'airgap-bundle' | 'install.sh';
  /** Empty: that of the failure that the message tells. */
  readonly exitCodes: readonly number[];
  readonly message: Text;
  readonly given: readonly Text[];
  readonly expected: readonly Text[];
  readonly next: readonly Text[];
  /** What the message alone does not say. */
  readonly cause?: string;
  /** Why no test produces it. */
  readonly untested?: string;
  /** `src/bundle/keys.ts:64`. */
  readonly places: readonly string[];
}

export interface Documented {
  readonly entries: readonly Entry[];
  readonly problems: readonly PlanProblem[];
  /** Files in which the words of other errors are told again. */
  readonly repeaters: readonly string[];
}

/** All that can go wrong, as the sources say it. */
export function readDocumented(): Documented {
  const modules = readModules();
  const made = [...madeErrors(modules).map(ofProgram), ...shellErrors().map(ofShell)];
  return { entries: merged(made), problems: planProblems(modules), repeaters: repeaters() };
}

type Single = Omit<Entry, 'anchor' | 'cause' | 'untested'>;

function ofProgram({ place, class: name, ...error }: MadeError): Single {
  const codes = name === 'inner' ? [] : [exitCodes[name]];
  return { by: 'airgap-bundle', ...error, exitCodes: codes, places: [place] };
}

function ofShell({ place, given, expected, nexts, ...error }: ShellError): Single {
  const details = { given: said([given]), expected: said([expected]), next: said(nexts) };
  return { by: 'install.sh', ...error, ...details, places: [place] };
}

const said = (texts: readonly Text[]) => texts.filter((text) => text.length > 0);

/** Errors of the same words, once. */
function merged(made: readonly Single[]): Entry[] {
  // How a hole is called makes no other words.
  const key = ({ by, message }: Single) =>
    `${by}: ${shown(message).replaceAll(/<[a-z][^<>]*>/g, '<>')}`;
  const groups = new Map<string, Single[]>(made.map((one) => [key(one), []]));
  for (const one of made) groups.get(key(one))?.push(one);
  const anchors = new Map<string, number>();
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (!first) throw new Error('a group has a member');
    const details = (key: 'given' | 'expected' | 'next') =>
      distinct(group.flatMap((one) => one[key])).filter(isTelling);
    const anchor = unique(anchorOf(first), anchors);
    return {
      ...first,
      anchor,
      exitCodes: [...new Set(group.flatMap((one) => one.exitCodes))].sort((a, b) => a - b),
      given: details('given'),
      expected: details('expected'),
      next: details('next'),
      places: [...new Set(group.flatMap(({ places }) => places))],
      ...explanations[anchor],
    };
  });
}

/** A hole alone says no more than that something stands there. */
const isTelling = (text: Text) =>
  text.some((piece) => typeof piece === 'string' && /\w/.test(piece));

function anchorOf({ by, message }: Single): string {
  const words = message
    .map((piece) => (typeof piece === 'string' ? piece : ` ${piece.hole} `))
    .join('')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return by === 'install.sh' ? `install-${words}` : words;
}

function unique(anchor: string, taken: Map<string, number>): string {
  const count = (taken.get(anchor) ?? 0) + 1;
  taken.set(anchor, count);
  return count === 1 ? anchor : `${anchor}-${count}`;
}
