import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type ForkEvent, fromForks } from '../../test/action/fork-events.ts';
import { sampleInputs } from '../../test/action/sample-inputs.ts';
import { type Ended, makeStep, type Step } from '../../test/action/step.ts';
import { pushImage } from '../../test/helpers/images.ts';
import { type FrontAnswer, type FrontProxy, startFrontProxy } from '../../test/helpers/proxy.ts';
import { startRegistry, type TestRegistry } from '../../test/helpers/registry.ts';
import type { Random } from '../random.ts';
import { type Case, refused, type Size, survived, type Trial, type Verdict } from '../trial.ts';
import { strangersText } from './strangers.ts';

export const injection: Trial = {
  id: 'T40',
  title:
    'what strangers write sets nothing in a workflow, and what comes from a fork is not signed',
  star: false,
  isQuick: true,
  cases: (size) => {
    const forks = fromForks.map(forkCase);
    const written = places.map((place) => inputCase(place, size));
    const said = Object.keys(answers).map((name) => answerCase(name, size));
    if (size !== 'smoke') return [...written, ...said, ...forks];
    return [...written.slice(0, 2), ...said.slice(0, 1), ...forks.slice(0, 1)];
  },
  close: async () => {
    const last = await opened;
    opened = undefined;
    if (!last) return;
    for (const front of [last.source, last.target]) await front.stop();
    for (const registry of last.registries) await registry.stop();
  },
};

interface Workplace {
  readonly source: FrontProxy;
  readonly target: FrontProxy;
  readonly registries: readonly TestRegistry[];
}

let opened: Promise<Workplace> | undefined;

async function open(): Promise<Workplace> {
  const registries = [await startRegistry(), await startRegistry()] as const;
  await pushImage(registries[0].host, 'library/nginx', '1');
  const [source, target] = await Promise.all(registries.map(({ host }) => startFrontProxy(host)));
  return { source: source as FrontProxy, target: target as FrontProxy, registries };
}

/** Inputs that are shown, put into a path, or sent. */
const places = [
  'out',
  'images',
  'name',
  'bundle-version',
  'endpoint',
  'registry-name',
  'base-content-path',
  'mirror-registries',
  'registry-mirrors',
  'platforms',
  'pull-through',
  'chart',
  'plan',
  'file',
  'reuse',
  'command',
  'split-size',
  'expires',
  'retry-budget',
  'ca-cert',
  'push-username',
];

const rounds: Readonly<Record<Size, number>> = { smoke: 1, small: 2, full: 20 };

function inputCase(place: string, size: Size): Case {
  return {
    name: `in the input ${place}`,
    run: async (random) => {
      for (let round = 0; round < rounds[size]; round++) {
        // No environment variable holds NUL.
        const text = strangersText(random).replaceAll('\0', '');
        await inStep(async (step, { source, target }) => {
          const ended = await step.run(
            sampleInputs(source.host, target.host, { command: 'plan,create', [place]: text }),
          );
          check(ended, step, text);
        });
      }
      return survived({ steps: rounds[size], injected: 0 });
    },
  };
}

type Answer = (text: string) => FrontAnswer;
const json = (text: string) =>
  JSON.stringify({ errors: [{ code: text, message: text, detail: text }] });
const status =
  (code: number): Answer =>
  (text) => ({ status: code, headers: { 'x-said': oneLine(text) }, body: json(text) });
/** What fits into a header. */
const oneLine = (text: string): string => text.replace(/[^ -~]/g, ' ');

/** Whose answer, to what, and what is said. */
const answers: Readonly<Record<string, readonly ['source' | 'target', RegExp, Answer]>> = {
  'a push that is denied': ['target', /^POST /, status(403)],
  'a manifest that is refused': ['target', /^PUT .*manifests/, status(400)],
  'a quota': ['target', /^POST /, status(413)],
  'a server error': ['target', /^POST /, status(500)],
  'a source that denies': ['source', /manifests/, status(403)],
  'no HTML but text': ['source', /manifests/, (text) => ({ status: 500, body: text })],
  'a challenge': [
    'source',
    /manifests/,
    (text) => ({
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${oneLine(text)}",service="${oneLine(text)}"` },
      body: json(text),
    }),
  ],
  'a digest': [
    'source',
    /manifests/,
    (text) => ({ status: 200, headers: { 'docker-content-digest': oneLine(text) }, body: '{}' }),
  ],
  'a manifest': [
    'source',
    /manifests/,
    (text) => ({
      status: 200,
      headers: { 'content-type': oneLine(text) },
      body: JSON.stringify({ schemaVersion: 2, mediaType: text, annotations: { [text]: text } }),
    }),
  ],
  'a redirect': [
    'source',
    /manifests/,
    (text) => ({ status: 307, headers: { location: `http://${oneLine(text)}/` } }),
  ],
};

function answerCase(name: string, size: Size): Case {
  return {
    name: `said by a registry: ${name}`,
    run: async (random) => {
      for (let round = 0; round < rounds[size]; round++) await runAnswered(name, random);
      return refused({ steps: rounds[size], injected: 0 });
    },
  };
}

async function runAnswered(name: string, random: Random): Promise<void> {
  const [side, which, answer] = answers[name] ?? [];
  const text = strangersText(random);
  await inStep(async (step, place) => {
    let told = 0;
    place[side ?? 'source'].rules.push(({ method, path }) => {
      if (!which?.test(`${method} ${path}`)) return undefined;
      told++;
      return answer?.(text);
    });
    // A path of its own each time: nothing is there yet.
    const base = `m/${random.bytes(6).toString('hex')}`;
    const { source, target } = place;
    const ended = await step.run(
      sampleInputs(source.host, target.host, {
        command: 'mirror',
        'retry-budget': '1s',
        'base-content-path': base,
        'mirror-registries': `docker.io::${target.host}/${base}`,
      }),
    );
    check(ended, step, text);
    assert.ok(told > 0, `nothing was said\n${ended.log}`);
    assert.notEqual(ended.exitCode, 0, ended.log);
  });
}

function forkCase([title, event, name = 'pull_request_target']: ForkEvent): Case {
  return {
    name: `of a fork: ${title}`,
    run: async (): Promise<Verdict> => {
      await inStep(async (step, { source, target }) => {
        const path = join(step.temporary, 'event.json');
        if (event !== undefined)
          await writeFile(path, typeof event === 'string' ? event : JSON.stringify(event));
        const env = { GITHUB_EVENT_PATH: path, GITHUB_EVENT_NAME: name };
        const ended = await step.run(sampleInputs(source.host, target.host), env);
        assert.equal(ended.exitCode, 6, ended.log);
        assert.equal(ended.outputs['bundle-path'], undefined);
        assert.deepEqual([...source.requests, ...target.requests], []);
      });
      return refused();
    },
  };
}

async function inStep(work: (step: Step, place: Workplace) => Promise<void>): Promise<void> {
  opened ??= open();
  const place = await opened;
  const step = await makeStep();
  for (const front of [place.source, place.target]) {
    front.rules.length = 0;
    front.clear();
  }
  await work(step, place).finally(step.remove);
}

/** What changes a terminal, or is not seen: but for the ends of lines and tabs. */
const unseen = /(?![\t\r\n])[\p{Cc}\p{Cf}\p{Zl}]/u;
const commands = ['group', 'endgroup', 'error', 'warning', 'add-mask'];
const actionFile = join(import.meta.dirname, '../../action.yml');
const { outputs } = load(readFileSync(actionFile, 'utf8')) as { outputs: object };

/** The runner was told what we have to say, and nothing else. */
function check(ended: Ended, step: Step, text: string): void {
  const given = JSON.stringify(text);
  assert.notEqual(ended.exitCode, 1, `${given}\n${ended.log}`);
  const foreign = ended.commands.filter(
    (command) => !commands.includes(command.name) || command.text.startsWith('evil'),
  );
  assert.deepEqual(foreign, [], given);
  assert.deepEqual(
    Object.keys(ended.outputs).filter((name) => !(name in outputs)),
    [],
    given,
  );
  const { 'bundle-path': bundle, 'bundle-files': files } = ended.outputs;
  assert.equal(bundle !== undefined, ended.exitCode === 0, given);
  if (bundle !== undefined) {
    assert.ok(existsSync(bundle), `${given}: no file ${bundle}`);
    assert.equal(files?.split(`${bundle}`).length, 3, given);
  }
  assert.doesNotMatch(ended.summary, /<script|^\s*(::|##\[)/m, given);
  for (const shown of [ended.summary, ended.log]) assert.doesNotMatch(shown, unseen, given);
  assert.ok(!existsSync(join(step.workspace, 'evil')), given);
}
