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

# What the chart was given of the password, line by line: itself, as Go quotes it (%q), and in base64, alone or in a
# docker config. A line that spells it in yet another way goes as a whole; lines of one and two characters are no secret
# to be found in text.
without_password() {
  if [ "$pull" = no ]; then
    cat "$1"
    return
  fi
  encode "$private/pull-password" "$private/pull-password.b64"
  { cat "$private/pull-password" && printf '\n'; } > "$private/secrets"
  for spelling in pull-password.b64 pull-login.b64 docker-config; do
    if [ -f "$private/$spelling" ]; then { cat "$private/$spelling" && printf '\n'; } >> "$private/secrets"; fi
  done
  awk '
    function hide(line, word, out, at) {
      while ((at = index(line, word))) {
        out = out substr(line, 1, at - 1) "***"
        line = substr(line, at + length(word))
      }
      return out line
    }
    function quoted(text) {
      gsub(/["\\]/, "\\\\&", text); gsub(/\t/, "\\t", text)
      return text
    }
    # Letters and digits alone, which no way to quote changes.
    function core(text) {
      gsub(/\\+(u[0-9a-f][0-9a-f][0-9a-f][0-9a-f]|x[0-9a-f][0-9a-f]|[abfnrtv])/, "", text)
      gsub(/[^A-Za-z0-9]/, "", text)
      return text
    }
    NR == FNR {
      if (length($0) < 3) next
      words[++count] = $0; words[++count] = quoted($0)
      if (length(core($0)) > 3) cores[core($0)]
      next
    }
    {
      line = $0
      for (n = 1; n <= count; n++) line = hide(line, words[n])
      for (word in cores) if (index(core(line), word)) line = "***"
      print line
    }
  ' "$private/secrets" "$1"
}
