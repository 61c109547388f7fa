import { type Finding, failure, ok, skipped, warning } from '../check.ts';
import { holdsAll } from './authority.ts';
import { isAtTarget, type Judged, works, writeNodes } from './endpoints.ts';
import type { Attempt } from './way.ts';

/** What the target wants of whoever asks it. */
export interface TargetWants {
  readonly endpoint: string;
  readonly plainHttp: boolean;
  readonly insecureSkipVerify: boolean;
  /** PEM. */
  readonly caCert?: string;
  /** Whether images are pulled with a login only; undefined: not known. */
  readonly login: boolean | undefined;
}

interface Said {
  readonly status: 'ok' | 'warning' | 'failure';
  readonly words: string;
}

/** Whether the node believes the target's certificate, as far as its files say. */
export function trustFinding(judged: readonly Judged[], wants: TargetWants): Finding {
  if (wants.plainHttp) return ok(`${wants.endpoint} speaks plain HTTP: there is no certificate`);
  const cure =
    wants.caCert === undefined
      ? 'set skip_verify (hosts.toml) or tls.insecure_skip_verify (mirrors) for the target'
      : 'copy certs.d/ca.crt to the node and name it as ca (hosts.toml) or tls.ca_file (mirrors)';
  return overAttempts(judged, (attempt) => trustOf(attempt, wants), `${cure}; ${writeNodes}`);
}

function trustOf({ trust }: Attempt, wants: TargetWants): Said {
  const unusable = trust.authorities.find(
    ({ besideFile, pem }) => besideFile && !pem?.includes('-----BEGIN CERTIFICATE-----'),
  );
  if (unusable !== undefined)
    return said(
      'failure',
      `no certificate can be read from ${unusable.named}: containerd does not pull at all`,
    );
  if (trust.skipVerify) return said('ok', 'the certificate is not checked');
  const { caCert } = wants;
  if (caCert === undefined)
    return wants.insecureSkipVerify
      ? said('warning', 'the certificate is checked, which the bundle says to leave out')
      : said('ok', "by the system's authorities");
  if (trust.authorities.length === 0)
    return said(
      'warning',
      "the target's own CA is not named: it fails unless the node's system trusts it",
    );
  if (trust.authorities.some(({ pem }) => pem !== undefined && holdsAll(pem, caCert)))
    return said('ok', "by the target's own CA");
  const unseen = trust.authorities.find(({ pem }) => pem === undefined);
  return unseen === undefined
    ? said('warning', "the CA that is named is not the target's")
    : said('ok', `by ${unseen.named}, which is not on this machine and was not looked at`);
}

/** Whether the node has a login for the target. That it is the right one is not asked. */
export function loginFinding(
  judged: readonly Judged[],
  wants: TargetWants,
  version: number | undefined,
): Finding {
  if (wants.login === false) return ok(`${wants.endpoint} lets everybody pull`);
  const cure = `${writeNodes}, with the login where --username U and --password-file FILE are given`;
  const finding = overAttempts(judged, (one) => loginOf(one, wants, version), cure);
  const isUnknown = wants.login === undefined && finding.evidence.includes(noLogin);
  return isUnknown && finding.status === 'warning'
    ? skipped(`${finding.evidence}\nwhether ${wants.endpoint} wants one is not known here`, cure)
    : finding;
}

const noLogin = 'no login';

function loginOf({ login }: Attempt, wants: TargetWants, version: number | undefined): Said {
  switch (login) {
    case 'none':
      return said(wants.login === undefined ? 'warning' : 'failure', noLogin);
    case 'unreadable':
      return said('failure', 'what stands there as a login is not base64 of USER:PASSWORD');
    case 'header':
      return version === undefined || version > 2
        ? said('ok', 'a login in hosts.toml')
        : said(
            'warning',
            'a login in hosts.toml alone, which containerd 1.6 and 1.7 send to no token service',
          );
    case 'configs':
      return said('ok', 'a login in config.toml');
  }
}

/** What is said of the attempt that each source is found by, or would be if its path were right. */
function overAttempts(
  judged: readonly Judged[],
  say: (attempt: Attempt) => Said,
  cure: string,
): Finding {
  const all = judged.flatMap(({ way, wanted }) => {
    const attempt =
      way.attempts.find((one) => works(one, wanted)) ??
      way.attempts.find((one) => isAtTarget(one, wanted));
    return attempt === undefined ? [] : [{ source: way.source, ...say(attempt) }];
  });
  if (all.length === 0) return skipped('no source is asked for at the target');
  const evidence = [...new Set(all.map(({ words }) => words))]
    .map((words) => {
      const sources = all.filter((one) => one.words === words).map(({ source }) => source);
      return `${sources.join(', ')}: ${words}`;
    })
    .join('\n');
  const has = (status: Said['status']) => all.some((one) => one.status === status);
  if (has('failure')) return failure(evidence, cure);
  return has('warning') ? warning(evidence, cure) : ok(evidence);
}

const said = (status: Said['status'], words: string): Said => ({ status, words });
