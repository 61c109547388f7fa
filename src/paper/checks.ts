import { quoted } from '../report/next.ts';
import type { RunFacts } from './facts.ts';
import type { Check } from './report.ts';

/** How whoever reads the report sees for himself that it is right. */
export function checksOf(facts: RunFacts): Check[] {
  if (facts.verb === 'mirror') return mirrorChecks(facts);
  const { bundle } = facts;
  if (!bundle) return [];
  const file = quoted(bundle.file);
  const trust = trustFlag(facts);
  return facts.verb === 'load' ? loadChecks(file, trust) : bundleChecks(file, trust, facts);
}

function bundleChecks(file: string, trust: string, { verb }: RunFacts): Check[] {
  return [
    ...(verb === 'create'
      ? [check('the files are those that were made', `sha256sum --check ${file}.sha256`)]
      : []),
    check('every byte is as it was signed', `airgap-bundle verify ${file} ${trust}`),
    check('what is in it, without verifying', `airgap-bundle inspect ${file}`),
    check('verify, push and install', `sh install.sh ${file} ${trust}`),
  ];
}

function loadChecks(file: string, trust: string): Check[] {
  return [
    check(
      'every reference leads to the signed digest',
      `airgap-bundle diff ${file} --registry ${trust}`,
    ),
    check('the cluster will find it there', `airgap-bundle doctor ${file} ${trust}`),
  ];
}

function mirrorChecks({ inventory: { images, target } }: RunFacts): Check[] {
  const [first] = images.flatMap(({ digest, placements }) =>
    placements.map(({ reference }) => ({ digest, reference })),
  );
  const plain = target.plainHttp ? '--plain-http ' : '';
  return [
    ...(first
      ? [
          check(
            `one of them, without this tool: ${first.digest}`,
            `oras resolve ${plain}${quoted(first.reference)}`,
          ),
        ]
      : []),
  ];
}

function check(what: string, command: string): Check {
  return { what, command };
}

function trustFlag({ signature: { state } }: RunFacts): string {
  return state === 'unsigned' ? '--allow-unsigned' : '--key NAME.pub';
}
