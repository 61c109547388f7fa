import * as z from 'zod';
import { few, shown } from './words.ts';

const texts = z.array(z.string());
const table = z.record(z.string(), z.unknown());

/** What of a config.toml is looked at before it is known which plugin reads it. */
export const fileForm = z.looseObject({
  version: z.number().int().optional(),
  imports: texts.optional(),
  disabled_plugins: texts.optional(),
  plugins: z.record(z.string(), table).optional(),
});

const authForm = z.looseObject({
  username: z.string().optional(),
  password: z.string().optional(),
  auth: z.string().optional(),
  identitytoken: z.string().optional(),
});

/** The table `registry` of containerd's CRI plugin. */
export const registryForm = z.looseObject({
  config_path: z.string().optional(),
  mirrors: z.record(z.string(), z.looseObject({ endpoint: texts.optional() })).optional(),
  configs: z
    .record(
      z.string(),
      z.looseObject({
        auth: authForm.optional(),
        tls: z
          .looseObject({
            ca_file: z.string().optional(),
            insecure_skip_verify: z.boolean().optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  auths: z.record(z.string(), authForm).optional(),
});

const oneOrMore = z.union([z.string(), texts]);
const keyPairs = z.union([z.string(), z.array(z.union([z.string(), texts.length(2)]))]);

const hostForm = z.looseObject({
  capabilities: texts.optional(),
  ca: oneOrMore.optional(),
  client: keyPairs.optional(),
  skip_verify: z.boolean().optional(),
  override_path: z.boolean().optional(),
  header: z.record(z.string(), oneOrMore).optional(),
});

/** A hosts.toml: what stands beside `server` is for that one. */
export const hostsForm = hostForm.extend({
  server: z.string().optional(),
  host: z.record(z.string(), hostForm).optional(),
});

export type NodeFile = z.infer<typeof fileForm>;
export type Registry = z.infer<typeof registryForm>;
export type Auth = z.infer<typeof authForm>;
export type HostTable = z.infer<typeof hostForm>;

/** What of a form does not fit, in words that have no value of the file in them. */
export function misfits({ issues }: z.ZodError, above: readonly string[] = []): string {
  const words = issues.map(
    ({ path, message }) =>
      `${[...above, ...path.map((part) => shown(String(part)))].join('.')}: ${message}`,
  );
  return few(words).join('\n');
}
