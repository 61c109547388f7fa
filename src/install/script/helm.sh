helm_at() {
  if [ -n "$context" ]; then set -- --kube-context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  act helm "$@"
}

# ask_helm FILE COMMAND…: what helm answers, in the private folder; sets `words` to what it complains of.
ask_helm() {
  answer=$private/$1
  shift
  words=
  helm_at "$@" > "$answer" 2> "$private/helm.err" && return
  helm_words
  return 1
}

# From "Error" on: what is before is warnings. A chart may name any value that it refuses.
helm_words() {
  sed -n '/^Error/,$p' "$private/helm.err" > "$private/helm.error"
  if [ ! -s "$private/helm.error" ]; then tail -n 5 "$private/helm.err" > "$private/helm.error"; fi
  words=$(without_password "$private/helm.error" | head -n 20 | cut -c 1-1000)
}

# Each line of the password, as it is and in base64; lines of one and two characters are no secret to be found in text.
without_password() {
  if [ "$pull" = no ]; then
    cat "$1"
    return
  fi
  encode "$private/pull-password" "$private/pull-password.b64"
  awk '
    function hide(line, word, out, at) {
      while ((at = index(line, word))) {
        out = out substr(line, 1, at - 1) "***"
        line = substr(line, at + length(word))
      }
      return out line
    }
    FILENAME != ARGV[ARGC - 1] { if (length($0) > 2) words[++count] = $0; next }
    {
      line = $0
      for (n = 1; n <= count; n++) line = hide(line, words[n])
      print line
    }
  ' "$private/pull-password" "$private/pull-password.b64" "$1"
}
