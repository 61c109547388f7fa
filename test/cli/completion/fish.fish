# fish.fish SCRIPT LINE: what fish offers at the end of the line, a line each, with its words.
source $argv[1]
complete -C $argv[2]
