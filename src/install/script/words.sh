say() {
  harmless "$*"
}

# Prints text without what a terminal would obey: names and error texts come from registries and bundles. In UTF-8
# the second half of the control characters is a C2 and another byte.
harmless() {
  case $1 in
    *[!\ -~]*) printf '%s\n' "$1" | tr -d '\000-\010\013-\037\177' | sed "s/$(printf '\302[\200-\237]')//g" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# fail CODE WHAT [GIVEN [NEXT [EXPECTED]]]. On a full disk any step may fail at what it could not write.
fail() {
  if [ "$1" -ne 10 ] && is_full; then set -- 10 "$full" "$private" "$make_room"; fi
  told=error
  harmless "error: $2" >&2
  detail given: "${3-}"
  detail expected: "${5-}"
  detail next: "${4-}"
  exit "$1"
}

# Further lines of a value stand below its first: none can pass for a line of ours. In a trap a `return` alone would
# give the status from before it.
detail() {
  case $2 in
    '') return 0 ;;
    *"$newline"*) text=$(printf '%s\n' "$2" | sed '2,$s/^/             /') ;;
    *) text=$2 ;;
  esac
  harmless "$(printf '  %-10s %s' "$1" "$text")" >&2
}

# What let the bundle pass though it should not; kept for the record of what was loaded.
override() {
  say "  warning: $1; allowed by an explicit override"
  printf '%s; allowed by an explicit override\n' "$1" >> "$private/overrides"
}

# Prints a command with the names that its files have outside the private folder.
show_command() {
  printf '  would run:'
  for word in "$@"; do
    public_name
    case $word in
      '' | *[!A-Za-z0-9_./:=@,+-]*)
        printf " '%s'" "$(harmless "$word" | sed "s/'/'\\\\''/g")"
        ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
}

public_name() {
  case $word in
    "$private/bundle.tar"*) word=$bundle${word#"$private/bundle.tar"} ;;
    "$private/key."*) word=$(cat "$word.name") ;;
    "$private/push-password") word=${push_password_file:-PUSH-PASSWORD} ;;
    *"$private/pull-username") word=${word%"$private"/*}USERNAME ;;
    *"$private/pull-password") word=${word%"$private"/*}${password_file:-PASSWORD} ;;
    *"$private"/*) word=${word%"$private"/*}${word##*"$private"/} ;;
  esac
}
