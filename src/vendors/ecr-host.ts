/** A private registry of Amazon ECR. */
export interface EcrRegistry {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

/** Where AWS has its partitions: public, China, Europe's own, and those that are reached from inside only. */
const classicDomains = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'csp.hci.ic.gov',
  'cloud.adc-e.uk',
];
const dualStackDomains = ['on.aws', 'on.amazonwebservices.com.cn'];

const classic = hostPattern('dkr\\.ecr', classicDomains);
const dualStack = hostPattern('dkr-ecr', dualStackDomains);

function hostPattern(service: string, domains: readonly string[]): RegExp {
  const domain = domains.map((one) => one.replaceAll('.', '\\.')).join('|');
  return new RegExp(`^(\\d{12})\\.${service}(?:-fips)?\\.([a-z0-9-]+)\\.(?:${domain})$`);
}

/** Whose registry a host is, by its name; undefined for any other than ECR's. */
export function ecrRegistry(endpoint: string): EcrRegistry | undefined {
  const host = endpoint.replace(/:443$/, '').toLowerCase();
  const [, account, region] = classic.exec(host) ?? dualStack.exec(host) ?? [];
  return account && region ? { account, region } : undefined;
}
