# bash.sh SCRIPT WORD…: what bash offers for the last of the words, a line each, as readline asks for it.
source "$1"
shift
complete -p airgap-bundle | grep -q -- '-F _airgap_bundle' || exit 1
COMP_WORDS=(airgap-bundle "$@")
COMP_CWORD=$#
_airgap_bundle airgap-bundle "${!#}" ''
printf '%s\n' "${COMPREPLY[@]}"
