import * as z from 'zod';
import { AirgapError } from '../report/error.ts';
import { notProvenance } from './envelope.ts';
import { firstIssue } from './inventory-json.ts';

/** An in-toto Statement (in-toto/attestation, spec/v1/statement.md) with SLSA's predicate (slsa.dev/spec/v1.0/provenance). */
export interface Provenance {
  readonly _type: typeof statementType;
  readonly subject: readonly Resource[];
  readonly predicateType: typeof slsaType;
  readonly predicate: {
    readonly buildDefinition: {
      /** Says how to read the parameters: `docs/sbom.md`. */
      readonly buildType: string;
      readonly externalParameters: object;
      readonly internalParameters?: object;
      readonly resolvedDependencies?: readonly Resource[];
    };
    readonly runDetails: {
      readonly builder: {
        readonly id: string;
        readonly version?: Readonly<Record<string, string>>;
      };
      readonly metadata?: {
        readonly invocationId?: string;
        readonly startedOn?: string;
        readonly finishedOn?: string;
      };
      readonly byproducts?: readonly Resource[];
    };
  };
}

/** spec/v1/resource_descriptor.md */
export interface Resource {
  readonly name?: string;
  readonly uri?: string;
  /** Hex by algorithm. */
  readonly digest?: Readonly<Record<string, string>>;
}

export const statementType = 'https://in-toto.io/Statement/v1';
export const slsaType = 'https://slsa.dev/provenance/v1';

const digest = z.record(z.string(), z.string());
const form = z.looseObject({
  _type: z.literal(statementType),
  subject: z.array(z.looseObject({ name: z.string().exactOptional(), digest })).min(1),
  predicateType: z.literal(slsaType),
  predicate: z.looseObject({
    buildDefinition: z.looseObject({
      buildType: z.string(),
      externalParameters: z.looseObject({}),
    }),
    runDetails: z.looseObject({
      builder: z.looseObject({ id: z.string() }),
      metadata: z.looseObject({ invocationId: z.string().exactOptional() }).exactOptional(),
    }),
  }),
}) satisfies z.ZodType<Provenance>;

/** Reads what an envelope holds, once its signature does. @throws AirgapError usage */
export function parseProvenance(payload: Buffer, path: string): Provenance {
  try {
    return form.parse(JSON.parse(payload.toString()));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? firstIssue(cause.issues) : 'no JSON';
    throw notProvenance(path, why, cause);
  }
}

/** Names do not count, as a file can be called anything. @param sha256 of the whole bundle, hex; @throws AirgapError integrity */
export function requireSubject({ subject }: Provenance, sha256: string, path: string): void {
  if (subject.some(({ digest }) => digest?.sha256 === sha256)) return;
  const [first] = subject;
  throw new AirgapError('integrity', 'the provenance is not of this bundle', {
    given: `${path}: of ${first?.name ?? 'a bundle'} with sha256 ${first?.digest?.sha256 ?? 'unknown'}`,
    expected: `of a bundle with sha256 ${sha256}`,
    next: 'give the .intoto.jsonl that was made with this very bundle',
  });
}
