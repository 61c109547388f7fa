# Before any child is started, so that none of them gets the passwords in its environment.
take_variables() {
  unset pull_variable push_variable
  pull_variable=${AIRGAP_BUNDLE_PASSWORD-}
  push_variable=${AIRGAP_BUNDLE_PUSH_PASSWORD-}
  unset AIRGAP_BUNDLE_PASSWORD AIRGAP_BUNDLE_PUSH_PASSWORD
}

keep_logins() {
  keep_login pull "$username" "$password_file" "$pull_variable" '' AIRGAP_BUNDLE_PASSWORD
  keep_login push "$push_username" "$push_password_file" "$push_variable" push- AIRGAP_BUNDLE_PUSH_PASSWORD
}

# keep_login WHO USERNAME FILE VALUE FLAGS VARIABLE: WHO-username and WHO-password in the private folder.
keep_login() {
  if [ -z "$2" ]; then
    if [ -n "$3" ]; then fail 2 "a $1 password is given, but no user name" "$3" "add --${5}username"; fi
    return
  fi
  printf '%s' "$2" > "$private/$1-username"
  if [ -n "$3" ]; then
    if [ -d "$3" ] || [ ! -r "$3" ]; then
      fail 2 "the $1 password file cannot be read" "$3" "give the path of a file to --${5}password-file"
    fi
    without_last_line_break '\r?' < "$3" > "$private/$1-password"
  else
    # A here-document and no printf, which some shells run as a program, with arguments that all can see.
    without_last_line_break '' > "$private/$1-password" << END
$4
END
  fi
  if [ ! -s "$private/$1-password" ]; then
    fail 2 "the $1 password is missing" "--${5}username $2${3:+, and $3 is empty}" '' \
      "--${5}password-file FILE, or $6"
  fi
}

without_last_line_break() {
  awk -v end="$1\$" -v ORS= 'NR > 1 { print last "\n" } { last = $0 } END { sub(end, "", last); print last }'
}

# oras gets its login in a file; without one over plain HTTP to another host, no login at all.
write_registry_config() {
  registry_config=
  if [ -z "$push_username" ]; then
    if ! is_in_clear_text; then return; fi
    printf '{"auths":{}}\n' > "$private/registry.json"
  else
    refuse_plain_http "the push password would go to $endpoint"
    make_login push "$push_username" --push-username
    print_docker_config push > "$private/registry.json"
  fi
  registry_config=$private/registry.json
}

# make_login WHO GIVEN FLAG: USER:PASSWORD in base64, in WHO-login.b64.
make_login() {
  if grep -q ':' "$private/$1-username"; then
    fail 2 'a registry user has no colon in its name' "$2" "mend $3"
  fi
  cat "$private/$1-username" > "$private/$1-login"
  printf ':' >> "$private/$1-login"
  cat "$private/$1-password" >> "$private/$1-login"
  encode "$private/$1-login" "$private/$1-login.b64"
}

# print_docker_config WHO: base64 needs no escapes, whatever the password is.
print_docker_config() {
  printf '{"auths":{"%s":{"auth":"' "$endpoint"
  cat "$private/$1-login.b64"
  printf '"}}}'
}

# refuse_plain_http WHAT
refuse_plain_http() {
  if ! is_in_clear_text; then return; fi
  fail 2 "$1 in clear text, over plain HTTP" '' 'add --allow-plain-http-credentials if that network is trusted'
}

# Whether a password for the registry could be read on the way, and nobody has allowed that.
is_in_clear_text() {
  [ "$plain_http" = true ] && [ "$allow_plain" = no ] && ! is_loopback
}

is_loopback() {
  case ${endpoint%:*} in
    localhost | '[::1]') return 0 ;;
    127.*[!0-9.]*) return 1 ;;
    127.*) return 0 ;;
  esac
  return 1
}
