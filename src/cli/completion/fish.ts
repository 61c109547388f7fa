import type { CompletedFlag, CompletedVerb, CompletionTree, Taken } from './tree.ts';

export function fishScript({ name, flags, verbs }: CompletionTree): string {
  const verbLine = (verb: CompletedVerb) =>
    `${start(name, '')} -a ${verb.name} -d ${quoted(verb.help)}`;
  return [
    `# fish completion of ${name}, made by: ${name} completion fish`,
    '',
    verbFunction,
    '',
    `complete -c ${name} -f`,
    ...verbs.map(verbLine),
    ...flags.map((flag) => `${start(name, '')}${flagWords(flag)}`),
    ...verbs.flatMap((verb) => verbLines(name, verb)),
    '',
  ].join('\n');
}

const verbFunction = `# Whether the verb is this one; with '': whether there is none yet.
function __airgap_bundle_verb
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            test "$word" = "$argv[1]"
            return
        end
    end
    test -z "$argv[1]"
end`;

function start(name: string, verb: string): string {
  return `complete -c ${name} -n '__airgap_bundle_verb ${verb === '' ? '""' : verb}'`;
}

function verbLines(name: string, { name: verb, flags, takes }: CompletedVerb): string[] {
  const own =
    takes === 'nothing' || takes === 'text' ? [] : [`${start(name, verb)}${offer(takes)}`];
  return [...own, ...flags.map((flag) => `${start(name, verb)}${flagWords(flag)}`)];
}

function flagWords({ names, help, takes }: CompletedFlag): string {
  const words = names.map((name) =>
    name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`,
  );
  const value = takes === 'nothing' ? '' : ` -r${offer(takes)}`;
  return `${words.join('')}${value} -d ${quoted(help)}`;
}

function offer(takes: Taken): string {
  if (takes === 'file') return ' -F';
  if (takes === 'folder') return " -f -a '(__fish_complete_directories)'";
  return typeof takes === 'string' ? ' -f' : ` -f -a ${quoted(takes.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
