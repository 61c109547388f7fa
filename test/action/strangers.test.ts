import { describe, expect, onTestFinished, test } from 'vitest';
import { startFrontProxy } from '../helpers/proxy.ts';
import { useSetting } from './setting.ts';

/** What a stranger would write to make the runner act. */
const evil = 'x\n::set-env name=PATH::/evil\r##[add-mask]evil ::stop-commands::b\n  ::error::fake';

const on = useSetting();

describe('what strangers write does nothing', () => {
  const known = ['group', 'endgroup', 'error', 'warning', 'add-mask'];
  const fromUs = ({ name, text }: { name: string; text: string }) =>
    known.includes(name) && !(name === 'add-mask' && text.startsWith('evil'));

  test.each([
    ['an image', { images: '::set-output name=a::b\n##[set-env name=A]b\nnginx:1##[group]x' }],
    ['a map entry', { 'mirror-registries': '##[group]x\n::set-output name=a::b' }],
    ['the name', { name: '::set-output name=a::b' }],
    ['an endpoint', { endpoint: '##[error]x' }],
  ])('%s', async (_, more) => {
    const ended = await on.step.run(on.inputs(on.target.host, more));
    expect(ended.exitCode, ended.log).toBe(2);
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    expect(ended.commands.filter(({ name }) => name === 'error')).toHaveLength(
      Number(ended.outputs['failed-count']),
    );
    expect(ended.outputs.a).toBeUndefined();
  });

  test('a folder', async () => {
    const ended = await on.step.run(on.inputs(on.target.host, { out: '##[add-mask]evil' }));
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.shown).toContain('# #[add-mask]evil/sample-1.0.0.tar');
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    expect(ended.outputs['bundle-path']).toContain('##[add-mask]evil/sample-1.0.0.tar');
  });

  test('the body of a refusal', async () => {
    const front = await startFrontProxy(on.target.host);
    onTestFinished(() => front.stop());
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: evil }] });
    front.rules.push(({ method }) => (method === 'POST' ? { status: 403, body } : undefined));
    const ended = await on.step.run(
      on.inputs(front.host, {
        command: 'mirror',
        'base-content-path': 'refused',
        'mirror-registries': `docker.io::${front.host}/refused`,
      }),
    );
    expect(ended.exitCode, ended.log).toBe(8);
    expect(ended.log).toContain('stop-commands');
    expect(ended.commands.filter((command) => !fromUs(command))).toEqual([]);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    expect(errors).toHaveLength(Number(ended.outputs['failed-count']));
    expect(errors.map(({ text }) => text)).not.toContain('fake');
    expect(ended.summary).not.toMatch(/^(::|##\[)/m);
  });
});
