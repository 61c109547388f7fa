import type { CompletedFlag, CompletedVerb, CompletionTree, Taken } from './tree.ts';

/** For bash 3.2 and later; needs no other completion package. */
export function bashScript({ name, flags, verbs }: CompletionTree): string {
  const top = [...verbs.map((verb) => verb.name), ...namesOf(flags)].join(' ');
  return `# bash completion of ${name}, made by: ${name} completion bash

_airgap_bundle() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flag=\${COMP_WORDS[COMP_CWORD - 1]} verb='' i
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $flag == = ]]; then
    flag=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then
      verb=\${COMP_WORDS[i]}
      break
    fi
  done
  case $verb in
    '') _airgap_bundle_words '${top}' ;;
${verbs.map(verbCase).join('\n')}
  esac
}

_airgap_bundle_words() {
  local word
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(compgen -W "$1" -- "$cur")
}

# -f: files, -d: folders
_airgap_bundle_paths() {
  local path
  while IFS= read -r path; do
    COMPREPLY+=("$path")
  done < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}

complete -F _airgap_bundle ${name}
`;
}

function verbCase({ name, flags, takes }: CompletedVerb): string {
  const valued = flags.filter((flag) => flag.takes !== 'nothing');
  const flagWords = `_airgap_bundle_words '${namesOf(flags).join(' ')}'`;
  const cases = [
    ...valued.map((flag) => [flag.names.join(' | '), offer(flag.takes)]),
    [
      '*',
      takes === 'nothing'
        ? flagWords
        : `if [[ $cur == -* ]]; then ${flagWords}; else ${offer(takes)}; fi`,
    ],
  ];
  return [
    `    ${name})`,
    '      case $flag in',
    ...cases.map(([pattern, action]) => `        ${pattern}) ${action} ;;`),
    '      esac',
    '      ;;',
  ].join('\n');
}

function offer(takes: Taken): string {
  if (takes === 'file') return '_airgap_bundle_paths -f';
  if (takes === 'folder') return '_airgap_bundle_paths -d';
  return typeof takes === 'string' ? ':' : `_airgap_bundle_words '${takes.join(' ')}'`;
}

function namesOf(flags: readonly CompletedFlag[]): string[] {
  return flags.flatMap(({ names }) => names);
}
