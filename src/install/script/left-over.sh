# What killed runs of this user left in the temporary folder: passwords may be in there.
remove_left_over() {
  read -r _ host boot < "$private/run"
  owner=$(owner_of "$private")
  set +f
  for folder in "${private%/*}"/airgap-install.??????; do
    if [ "$folder" != "$private" ] && is_left_over; then rm -rf -- "$folder"; fi
  done
  set -f
}

# Whether the run of `folder` was killed: of this user, on this host, and its process is gone. Other hosts may share
# the temporary folder.
is_left_over() {
  [ ! -L "$folder" ] && [ "$(owner_of "$folder")" = "$owner" ] && [ -f "$folder/run" ] || return 1
  read -r old_process old_host old_boot < "$folder/run" || return 1
  [ "$old_host" = "$host" ] || return 1
  [ "$old_boot" != "$boot" ] || [ "$old_process" = "$$" ] || ! kill -0 "$old_process" 2> /dev/null
}

# What else tells an owner (stat, test -O) is another one everywhere.
# shellcheck disable=SC2012
owner_of() {
  ls -ldn -- "$1" 2> /dev/null | awk 'NR == 1 { print $3 }'
}

# Another one after each start, where the kernel tells it.
boot_of_host() {
  cat /proc/sys/kernel/random/boot_id 2> /dev/null || :
}
