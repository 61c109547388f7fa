import type { CompletedFlag, CompletedVerb, CompletionTree, Taken } from './tree.ts';

/** To be sourced after compinit, or put into a folder of fpath as `_airgap-bundle`. */
export function zshScript({ name, flags, verbs }: CompletionTree): string {
  return `#compdef ${name}
# zsh completion of ${name}, made by: ${name} completion zsh

_airgap_bundle() {
  local curcontext=$curcontext state line
  local -a verbs
  typeset -A opt_args
  _arguments -C \\
${flags.map((flag) => `    ${flagSpec(flag)} \\`).join('\n')}
    '1:verb:->verb' \\
    '*::argument:->arguments'
  case $state in
    verb)
      verbs=(
${verbs.map(({ name: verb, help }) => `        ${quoted(`${verb}:${help}`)}`).join('\n')}
      )
      _describe -t verbs verb verbs
      ;;
    arguments)
      case $words[1] in
${verbs.map(verbCase).join('\n')}
      esac
      ;;
  esac
}

# Called by the completion system, or sourced.
if [[ $funcstack[1] == _airgap_bundle || $funcstack[1] == _${name} ]]; then
  _airgap_bundle "$@"
else
  compdef _airgap_bundle ${name}
fi
`;
}

function verbCase({ name, flags, takes }: CompletedVerb): string {
  const own = takes === 'nothing' ? [] : [quoted(`*:argument:${offer(takes)}`)];
  const specs = [...flags.map(flagSpec), ...own];
  return [
    `        ${name})`,
    `          _arguments -s \\\n${specs.map((spec) => `            ${spec}`).join(' \\\n')}`,
    '          ;;',
  ].join('\n');
}

function flagSpec({ names, help, takes, repeats }: CompletedFlag): string {
  const says = `[${help.replaceAll(/[\\[\]]/g, '\\$&')}]`;
  const value = takes === 'nothing' ? '' : `:value:${offer(takes)}`;
  const spec = (name: string) =>
    `${name}${takes !== 'nothing' && name.startsWith('--') ? '=' : ''}${says}${value}`;
  const once = repeats ? '*' : `(${names.join(' ')})`;
  return names.map((name) => quoted(`${once}${spec(name)}`)).join(' ');
}

function offer(takes: Taken): string {
  if (takes === 'file') return '_files';
  if (takes === 'folder') return '_path_files -/';
  return typeof takes === 'string' ? ' ' : `(${takes.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
