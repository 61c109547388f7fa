# Without --username nothing is taken away: what the cluster pulls with stays, in the Secret and in the values.
choose_pull_credential() {
  pull=no
  if [ -n "$username" ]; then
    pull=yes
  elif [ "$dry_run" = yes ]; then
    say '  no pull credential given: the one that the cluster has would be kept; without one, pods pull anonymously'
  else
    read_pull_credential
    if [ -s "$private/pull-username" ] || [ -s "$private/pull-password" ]; then
      pull=yes
      say '  keeping the pull credential that the cluster has'
    else
      say '  no pull credential given: pods will pull anonymously (give --username and --password-file)'
    fi
  fi
}

read_pull_credential() {
  kube run get secret registry-info --namespace jet-system --ignore-not-found \
    --output 'jsonpath={.data.USERNAME}{"\n"}{.data.PASSWORD}{"\n"}' < /dev/null > "$private/pull" ||
    fail 11 'the pull credential in the cluster cannot be read' 'Secret registry-info in jet-system' \
      'give --username and --password-file, or get the right to read it'
  sed -n 1p "$private/pull" > "$private/pull.1"
  sed -n 2p "$private/pull" > "$private/pull.2"
  if ! decode "$private/pull.1" "$private/pull-username" || ! decode "$private/pull.2" "$private/pull-password"; then
    fail 11 'the pull credential in the cluster is no base64' 'Secret registry-info in jet-system' \
      'give --username and --password-file'
  fi
}
