import { hostFolder } from '../../install/nodes.ts';
import { type Finding, failure, ok, warning } from '../check.ts';
import { type Address, printAddress, readAddress, whyNot } from './address.ts';
import type { Attempt, Way } from './way.ts';
import { few } from './words.ts';

/** A source, how the node finds it, and the address that would find it. */
export interface Judged {
  readonly way: Way;
  readonly wanted: Address;
  readonly status: 'ok' | 'warning' | 'failure';
  /** What was seen, in words; a line. */
  readonly words: string;
}

/** @param url what the node's file should say */
export function judge(way: Way, url: string): Judged {
  const wanted = readAddress(url);
  if (wanted === undefined) throw new Error(`not an address: ${url}`);
  const { status, words } = verdict(way, wanted);
  return { way, wanted, status, words: `${way.source}: ${words}` };
}

/** Whether an attempt leads to the image. */
export function works(attempt: Attempt, wanted: Address): boolean {
  return whyInVain(attempt, wanted) === undefined;
}

/** Whether an attempt is made at the target, by a right path or a wrong one. */
export function isAtTarget({ address }: Attempt, wanted: Address): boolean {
  return address !== undefined && !/^another host/.test(whyNot(address, wanted) ?? '');
}

function whyInVain(attempt: Attempt, wanted: Address): string | undefined {
  if (attempt.leftOut !== undefined) return attempt.leftOut;
  if (attempt.address === undefined) return 'it has no host';
  if (isTriedByTls(attempt, wanted)) return whyNot({ ...attempt.address, scheme: 'https' }, wanted);
  return whyNot(attempt.address, wanted);
}

/** Plain HTTP with settings for TLS, at a port that is not HTTP's own. */
function isTriedByTls({ address, trust }: Attempt, wanted: Address): boolean {
  return (
    trust.settings &&
    address?.scheme === 'http' &&
    wanted.scheme === 'https' &&
    !address.authority.endsWith(':80')
  );
}

function verdict(way: Way, wanted: Address): Pick<Judged, 'status' | 'words'> {
  if (way.broken !== undefined)
    return {
      status: 'failure',
      words: `${way.place}: ${way.broken}; containerd asks ${way.source} itself`,
    };
  const url = printAddress(wanted);
  if (way.attempts.length === 0)
    return { status: 'failure', words: `no address in ${way.place}; it should be ${url}` };
  const inVain = way.attempts.map((attempt) => whyInVain(attempt, wanted));
  const first = inVain.indexOf(undefined);
  if (first < 0) {
    const all = way.attempts.map(({ written }, i) => `${written}: ${inVain[i]}`);
    return { status: 'failure', words: `${few(all).join('; ')}; it should be ${url}` };
  }
  const others = way.attempts.flatMap(({ written }, i) =>
    inVain[i] === undefined
      ? []
      : [`${written} is asked ${i < first ? 'first' : 'then'}, in vain: ${inVain[i]}`],
  );
  const doubts = way.attempts.flatMap((one) =>
    isTriedByTls(one, wanted) ? ['at http:// with settings for TLS 1.6 asks by plain HTTP'] : [],
  );
  const warnings = [...few(others), ...doubts.slice(0, 1), ...way.doubts];
  const words = [`${way.attempts[first]?.written} works`, ...warnings, ...sourceWords(way)].join(
    '; ',
  );
  const isWarning = warnings.length > 0 || isSourceAvoidable(way);
  return { status: isWarning ? 'warning' : 'ok', words };
}

/** By mirrors nothing can be done about it. */
const isSourceAvoidable = ({ asksSource, place }: Way) => asksSource && place.endsWith('.toml');

function sourceWords({ asksSource, source }: Way): string[] {
  return asksSource ? [`what is not there is asked for at ${source} itself`] : [];
}

/** The check over all sources: a line each, what is wrong first. */
export function endpointsFinding(judged: readonly Judged[]): Finding {
  const lines = (wanted: Judged['status']) => judged.filter(({ status }) => status === wanted);
  const [failures, warnings, fine] = [lines('failure'), lines('warning'), lines('ok')];
  const evidence = [...failures, ...warnings, ...fine].map(({ words }) => words).join('\n');
  const [worst] = [...failures, ...warnings];
  if (worst === undefined) return ok(evidence);
  return (failures.length > 0 ? failure : warning)(evidence, `${lineFor(worst)}; ${writeNodes}`);
}

export const writeNodes =
  'sh install.sh BUNDLE --key PUB --write-nodes DIR writes the files for a node';

/** The right line for a source. */
function lineFor({ way, wanted }: Judged): string {
  const url = printAddress(wanted);
  return way.place.endsWith('hosts.toml')
    ? `in ${ownFile(way)} write server = "${url}" and [host."${url}"], each with override_path = true`
    : `write endpoint = ["${url}"] for ${way.source}`;
}

/** What holds for every source is no place for one of them. */
function ownFile({ place, source }: Way): string {
  return place.replace(/_default(?=\/hosts\.toml$)/, hostFolder(source));
}
