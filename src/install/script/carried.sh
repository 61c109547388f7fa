# The pull credential, where the bundle carries it and nobody gave another one by --username.
take_carried_credential() {
  if [ "$uninstall" = yes ] || [ -n "$username" ]; then return; fi
  [ -n "$nodes" ] || wanted secret || wanted chart || return 0
  if is_at_other_registry && [ -n "$(listed_sum credentials.tsv)$(listed_sum credentials.tsv.age)" ]; then
    say "  the pull credential in the bundle is for ${signed_target%%/*}, and is not used for $endpoint:"
    say '  give --username and --password-file'
  elif [ -n "$(listed_sum credentials.tsv)" ]; then
    take credentials.tsv
    use_carried_credential 'IN CLEAR TEXT'
  elif [ -n "$(listed_sum credentials.tsv.age)" ]; then
    if [ -z "$identity" ] && [ "$dry_run" = yes ]; then
      say '  the bundle carries the pull credential, encrypted by age: --identity FILE would open it'
      username=USERNAME
      printf USERNAME > "$private/pull-username"
      printf PASSWORD > "$private/pull-password"
      return
    fi
    open_credential
    use_carried_credential 'encrypted by age'
  fi
}

# age asks for the passphrase of an identity on the terminal, so it is not run in the background.
open_credential() {
  if [ -z "$identity" ]; then
    fail 2 'the bundle carries the pull credential, encrypted, and no key is given that opens it' '' \
      'add --identity FILE, the key of one of its recipients; or give --username and --password-file'
  fi
  if [ -d "$identity" ] || [ ! -r "$identity" ]; then
    fail 2 'the identity file cannot be read' "$identity" 'give the path of a key file of age to --identity'
  fi
  require_age
  take credentials.tsv.age
  age --decrypt --identity "$identity" "$private/credentials.tsv.age" > "$private/credentials.tsv" 2> "$private/age.err" ||
    fail 2 'the pull credential in the bundle cannot be opened' "$(head -n 3 "$private/age.err" | cut -c 1-300)" \
      'give the --identity of one of its recipients; or give --username and --password-file'
}

require_age() {
  if command -v age > /dev/null 2>&1; then return; fi
  fail 3 'age is needed to open the pull credential, and not on PATH' '' \
    'install it from https://github.com/FiloSottile/age; or give --username and --password-file'
}

use_carried_credential() {
  take_part username
  take_part password
  username=$(cat "$private/pull-username")
  if [ -z "$username" ] || [ ! -s "$private/pull-password" ]; then
    fail 5 'the pull credential in the bundle is not whole' '' 'have the bundle made again'
  fi
  say "  using the pull credential that the bundle carries $1, of $username"
}

take_part() {
  awk -v key="$1$tab" 'index($0, key) == 1 { print substr($0, length(key) + 1); exit }' \
    "$private/credentials.tsv" > "$private/part.line"
  decode "$private/part.line" "$private/pull-$1" ||
    fail 5 'the pull credential in the bundle is no base64' '' 'have the bundle made again'
}
