import { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

/** What one of our programs said went wrong. */
export interface Said {
  readonly by: 'airgap-bundle' | 'install.sh';
  readonly messages: readonly string[];
  /** Of the plan that it printed as JSON. */
  readonly problems: readonly SaidProblem[];
  readonly exitCode: number | null;
}

interface SaidProblem {
  readonly kind: string;
  readonly message: string;
}

interface Spawning {
  spawn(this: ChildProcess, options: { readonly args?: readonly string[] }): unknown;
}

/** Listens to what every `bundle.js`, `action.js` and `install.sh` tells that is started from here on. */
export function onOurPrograms(tell: (said: Said) => void): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const spawn = prototype.spawn;
  prototype.spawn = function (options) {
    const started = spawn.call(this, options);
    const words = options.args ?? [];
    const by = programIn(words);
    if (by === undefined) return started;
    const output = copied(this.stdout);
    const errors = copied(this.stderr);
    // The runner reads standard output.
    const told = words.some(isAction) ? output : errors;
    this.once('close', (exitCode) => {
      tell({ by, messages: errorsIn(told()), problems: problemsIn(output()), exitCode });
    });
    return started;
  };
}

function programIn(words: readonly string[]): Said['by'] | undefined {
  if (words.some((word) => /(?:^|\/)install\.sh$/.test(word))) return 'install.sh';
  return words.some((word) => /(?:^|\/)(?:bundle|action)\.js$/.test(word))
    ? 'airgap-bundle'
    : undefined;
}

const isAction = (word: string) => /(?:^|\/)action\.js$/.test(word);

/** Takes a copy of what comes; whoever reads the stream does not notice. */
function copied(stream: Readable | null): () => string {
  if (stream === null) return () => '';
  const chunks: Buffer[] = [];
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk !== null) chunks.push(Buffer.from(chunk));
    return push(chunk, encoding);
  };
  return () => Buffer.concat(chunks).toString();
}

/** Those of a result that is one JSON document. */
function problemsIn(text: string): readonly SaidProblem[] {
  if (!text.startsWith('{') || !text.includes('"problems"')) return [];
  try {
    const { inventory, problems } = JSON.parse(text);
    return inventory && Array.isArray(problems) ? problems : [];
  } catch {
    return [];
  }
}

/** `error: WHAT` and lines below that stand under it, or a command for the runner with the same text. */
export function errorsIn(text: string): string[] {
  const commands = text.matchAll(/^::error [^\n]*?::(.*)$/gm);
  const annotated = [...commands].map(([, data = '']) => `error: ${decoded(data)}`);
  return [text, ...annotated].flatMap((part) => {
    const found = part.matchAll(/^error: (.*(?:\n {13}.*)*)/gm);
    return [...found].map(([, message = '']) => message.replaceAll(/\n {13}/g, '\n'));
  });
}

/** The runner's own escapes. */
function decoded(data: string): string {
  return data.replaceAll('%0A', '\n').replaceAll('%0D', '').replaceAll('%25', '%');
}
