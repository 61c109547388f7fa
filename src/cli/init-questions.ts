import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline/promises';
import type { Context } from '../context.ts';
import { checkEndpoint, readBasePath } from '../inputs/endpoint.ts';
import { registryName } from '../inputs/new-document.ts';
import { type Given, splitList } from '../inputs/overrides.ts';
import { parseMirrorMap } from '../mirror-map/parse.ts';
import { parsePlatform } from '../oci/platform.ts';
import { referenceIn } from '../oci/reference.ts';
import { AirgapError } from '../report/error.ts';
import { errorText } from '../report/error-text.ts';

interface Input {
  readonly lines: Interface;
  readonly ended: Promise<never>;
}

interface Question {
  /** The settings that answer it: none is asked where one of them is given. */
  readonly settings: readonly string[];
  readonly text: string;
  /** What an empty answer means. */
  standard?(given: Given): string | undefined;
  /** What the answer says, by setting. @throws AirgapError for one that cannot be */
  read(answer: string, context: Context): Given;
}

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/**
 * Asks for what a bundle file needs and is not given; an answer that cannot be is told, and asked for again.
 * @throws AirgapError usage when the input ends before the last answer
 */
export async function askForSettings(given: Given, context: Context): Promise<Given> {
  const { stdin: input, stderr: output } = process;
  const lines = createInterface({ input, output, terminal: true });
  const ended = endOf(lines);
  // In raw mode Ctrl-C is a character.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  output.write(
    'An empty answer takes what stands in brackets. Ctrl-C ends it, and nothing is written.\n\n',
  );
  try {
    let answers: Given = given;
    for (const question of questions) {
      if (question.settings.some((name) => answers[name] !== undefined)) continue;
      answers = { ...answers, ...(await answerTo(question, answers, { lines, ended }, context)) };
    }
    return answers;
  } finally {
    output.write('\n');
    lines.close();
  }
}

async function answerTo(
  question: Question,
  answers: Given,
  input: Input,
  context: Context,
): Promise<Given> {
  const standard = question.standard?.(answers);
  for (;;) {
    const prompt = `${question.text}${standard === undefined ? '' : ` [${standard}]`}: `;
    const answer = (await nextLine(input, prompt, context)).trim() || (standard ?? '');
    try {
      return question.read(answer, context);
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      process.stderr.write(`${errorText(error)}\n`);
    }
  }
}

function nextLine({ lines, ended }: Input, prompt: string, { signal }: Context): Promise<string> {
  return Promise.race([lines.question(prompt, { signal }), ended]);
}

/** Rejects when the input ends; a question that is open then is never answered by Node. */
function endOf(lines: Interface): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => {
      reject(
        new AirgapError('usage', 'the input ended before the last question was answered', {
          next: 'run it again, or give the flags: see airgap-bundle init --help',
        }),
      );
    });
  });
  // It ends after the last answer too, and nobody waits for it then.
  ended.catch(() => undefined);
  return ended;
}

const questions: readonly Question[] = [
  {
    settings: ['endpoint'],
    text: 'Target registry, host[:port]',
    read: (endpoint) => {
      checkEndpoint(endpoint);
      return { endpoint };
    },
  },
  {
    settings: ['registry-name'],
    text: 'Its name in the image-swap values',
    standard: ({ endpoint }) => registryName(String(endpoint)),
    read: (name) => ({ 'registry-name': name }),
  },
  {
    settings: ['base-content-path'],
    text: 'Path below it that all images lie under',
    standard: () => 'airgap-images',
    read: (path) => ({ 'base-content-path': readBasePath(path) }),
  },
  {
    settings: ['mirror-registries', 'mirror-registries-file'],
    text: 'Mirror map, source::target,… or a file with one',
    standard: () => 'each registry below its own name',
    read: readMapAnswer,
  },
  {
    settings: ['images', 'images-file'],
    text: 'Images, separated by commas, or a file with one a line',
    standard: () => 'later',
    read: readImagesAnswer,
  },
  {
    settings: ['platforms'],
    text: 'Platforms to keep, or all',
    standard: () => 'linux/amd64',
    read: readPlatforms,
  },
  {
    settings: ['signing-key-file', 'unsigned'],
    text: 'Private key that signs, there or to be made; or none',
    standard: () => 'bundle.key',
    read: (key) => (key === 'none' ? { unsigned: true } : { 'signing-key-file': key }),
  },
];

function readMapAnswer(answer: string, { cwd }: Context): Given {
  if (answer === 'each registry below its own name') return {};
  if (!answer.includes('::') && existsSync(resolve(cwd, answer)))
    return { 'mirror-registries-file': answer };
  const wrong = parseMirrorMap(answer).problems.find(({ severity }) => severity === 'error');
  if (!wrong) return { 'mirror-registries': answer };
  throw new AirgapError('usage', 'the webhook would ignore that, and no such file is there', {
    given: wrong.text,
    expected: 'source::target,source::target',
  });
}

function readImagesAnswer(answer: string, { cwd }: Context): Given {
  if (answer === 'later') return {};
  if (existsSync(resolve(cwd, answer))) return { 'images-file': answer };
  const odd = splitList(answer).find((image) => referenceIn(image) === undefined);
  if (odd === undefined) return { images: splitList(answer) };
  throw new AirgapError('usage', 'that is no image name, and no such file is there', {
    given: odd,
    expected: 'nginx:1.27,quay.io/a/b:1, or images.txt',
  });
}

function readPlatforms(answer: string): Given {
  if (answer === 'all') return {};
  const platforms = splitList(answer);
  for (const text of platforms) {
    try {
      parsePlatform(text);
    } catch {
      throw new AirgapError('usage', 'that is no platform', {
        given: text,
        expected: 'os/architecture[/variant], such as linux/amd64',
      });
    }
  }
  return { platforms };
}
