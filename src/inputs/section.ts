import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

interface Pasted {
  readonly username?: string | number | null | undefined;
  readonly password?: string | number | null | undefined;
}

/** A document with the chart's section where either spelling of the chart's values has it. */
interface WithSection<S> {
  readonly ociImageRegistry?: S | undefined;
  readonly config?: { readonly ociImageRegistry: S } | undefined;
}

export const sectionPlace = 'the section once, at the top or under `config:`';

/**
 * The `ociImageRegistry` section. A user name or password in it is told to be of no use, and never printed.
 * @throws AirgapError usage for two sections
 */
export function sectionOf<S extends Pasted>(
  document: WithSection<S>,
  context: Context,
): S | undefined {
  if (document.ociImageRegistry && document.config) {
    const expected = sectionPlace;
    throw new AirgapError('usage', 'ociImageRegistry is given twice', {
      expected,
      next: 'leave one of the two out',
    });
  }
  const section = document.ociImageRegistry ?? document.config?.ociImageRegistry;
  if (section) tellOfCredential(section, context);
  return section;
}

function tellOfCredential({ username, password }: Pasted, { emit }: Context): void {
  if (password) emit({ kind: 'secret', value: String(password) });
  if (!username && !password) return;
  emit({
    kind: 'warning',
    message: 'username and password in ociImageRegistry are not used and not put into the bundle',
    cure: 'delete them; give install.sh the pull credential with --username and --password-file',
  });
}
