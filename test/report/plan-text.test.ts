import { expect, test } from 'vitest';
import { repositoriesText } from '../../src/report/plan-text.ts';
import { inventory } from './samples.ts';

// What a plan looks like for people is in golden.test.ts.
test('what must exist in the target, for scripts', () => {
  expect(repositoriesText(inventory)).toBe(`project\tharbor.example.org/airgap
repository\tharbor.example.org/airgap/bundles/platform
repository\tharbor.example.org/airgap/docker.io/library/nginx
repository\tharbor.example.org/airgap/docker.io/nginx
repository\tharbor.example.org/airgap/quay.io/jetstack/cert-manager-controller
`);
});
