import { expect, test } from 'vitest';
import { carriedCredential } from '../../src/commands/carried-credential.ts';
import { spec } from '../plan/setting.ts';
import { context } from '../registry/context.ts';

test.each(['a:b', 'a\nb', 'a\u0085b'])('no user of a registry is called %j', async (username) => {
  const given = { username, passwordFile: undefined };
  const env = { AIRGAP_BUNDLE_PASSWORD: 'secret' };
  const asked = { ...spec('default::'), credentials: 'embed' as const };
  const carried = carriedCredential(asked, given, context({ env }));
  await expect(carried).rejects.toMatchObject({
    class: 'usage',
    message: 'a registry user has no colon or control character in its name',
    given: JSON.stringify(username),
  });
});
