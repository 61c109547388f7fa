make_private_folder() {
  input=
  child=
  private=
  told=
  trap clean_up EXIT
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  private=$(mktemp -d "${TMPDIR:-/tmp}/airgap-install.XXXXXX") ||
    fail 10 'no temporary folder can be made' "${TMPDIR:-/tmp}" 'set TMPDIR to a folder that can be written'
  # helm splits --values and --set-file at these, and oras a layout's path at ':' and '@'.
  case $private in
    [!/]* | *[,\":@\\]*)
      fail 2 'TMPDIR must be an absolute path without any of , " : @ and backslash' "$private" \
        'set TMPDIR to another folder, such as /tmp'
      ;;
  esac
  printf '%s %s %s\n' "$$" "$(uname -n)" "$(boot_of_host)" > "$private/run"
}

# Who has not told why it ends was ended by `set -e`, at a command that failed.
clean_up() {
  if [ $? -ne 0 ] && [ -z "$told" ] && is_full; then told=full; fi
  if [ -n "$private" ]; then rm -rf -- "$private"; fi
  if [ "$told" = full ]; then fail 10 "$full" "$private" "$make_room"; fi
}

full='the temporary folder is full'
make_room='free space there, or set TMPDIR to a folder on another disk'
is_full() {
  [ -n "$private" ] && ! dd if=/dev/zero of="$private/room" bs=4096 count=1 2> /dev/null
}

stop() {
  told=signal
  if [ -n "$child" ]; then
    kill -TERM "$child" 2> /dev/null || :
    wait "$child" 2> /dev/null || :
  fi
  exit "$1"
}

# In the background and waited for, so that a signal stops the command at once and not after it. `input` may name
# a range of the bundle, for the command's standard input.
run() {
  if [ -n "$input" ]; then
    stream "$input" 2> /dev/null | "$@" &
  else
    "$@" < /dev/null &
  fi
  child=$!
  status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

# Runs what changes something, or only prints it.
act() {
  if [ "$dry_run" = yes ]; then show_command "$@"; else run "$@"; fi
}

# Sets `sum` to the SHA-256 of a file, in hex.
sha256() {
  if command -v sha256sum > /dev/null 2>&1; then
    sum=$(sha256sum < "$1")
  elif command -v shasum > /dev/null 2>&1; then
    sum=$(shasum -a 256 < "$1")
  else
    sum=$(openssl dgst -sha256 -r < "$1")
  fi
  sum=${sum%% *}
}

# decode FROM TO. In lines, because `openssl base64 -A` fails on long ones.
decode() {
  fold -w 64 < "$1" > "$private/lines"
  printf '\n' >> "$private/lines"
  openssl base64 -d -in "$private/lines" -out "$2" 2> /dev/null || return 1
}

# encode FROM TO: one line without an end.
encode() {
  openssl base64 -in "$1" -out "$private/lines"
  tr -d '\n' < "$private/lines" > "$2"
}

require_tool() {
  for tool in "$@"; do
    if command -v "$tool" > /dev/null 2>&1; then continue; fi
    case $tool in
      oras | */oras) where='https://github.com/oras-project/oras/releases, 1.3.6 or newer' ;;
      helm) where='https://github.com/helm/helm/releases, 3.13 or newer' ;;
      kubectl) where='https://kubernetes.io/docs/tasks/tools, 1.22 or newer' ;;
      *) where='the packages of this host' ;;
    esac
    if [ "$dry_run" = yes ] && [ "$where" != 'the packages of this host' ]; then
      say "  missing here: $tool ($where)"
    else
      fail 3 "$tool is needed and not on PATH" '' "install it from $where"
    fi
  done
}
